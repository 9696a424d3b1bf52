/** Runs before the npm scripts that need the tools. In JavaScript, which any Node can run. */
import { existsSync } from "node:fs";

if (!existsSync("node_modules/wrangler")) {
  console.error("The tools are not installed yet: run npm ci first.");
  process.exit(1);
}
