/** How this repository's npm scripts call the program of the package. */
import type { Manner } from "../local/program.ts";

export const MANNER: Manner = {
  command: "npm start --",
  partnerCommand: "npm run partner --",
  // What `wrangler dev` takes if nobody says otherwise.
  persistTo: ".wrangler/state",
};
