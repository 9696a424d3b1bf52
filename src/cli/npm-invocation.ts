/** How this repository's npm scripts call the package's program. */
import type { Invocation } from "../local/invocation.ts";

/** The default data folder of `wrangler dev`. */
export const STATE_FOLDER = ".wrangler/state";

export const NPM_INVOCATION: Invocation = {
  command: "npm start --",
  partnerCommand: "npm run partner --",
  persistTo: STATE_FOLDER,
};
