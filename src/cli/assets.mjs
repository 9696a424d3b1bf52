/**
 * After `npm ci`: puts the script of the docs page where wrangler.toml serves files from. Its package has 200
 * files more, which a deployment would upload. In JavaScript, as Node 20 runs this.
 */
import { cpSync } from "node:fs";

cpSync(
  "node_modules/@scalar/api-reference/dist/browser/standalone.js",
  "node_modules/.assets/docs/scalar.js",
);
