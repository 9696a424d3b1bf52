/** Runs before the npm scripts that need the tools. It is JavaScript, so that any Node can run it. */
import { existsSync } from "node:fs";

if (!existsSync("node_modules/wrangler")) {
  console.error("The tools are not installed yet: run npm ci first.");
  process.exit(1);
}
