/** `npm run partner -- create "Name" --url …`: what `orders-sandbox partner` is in the package. */
import { runProgram } from "../local/program.ts";
import { MANNER } from "./manner.ts";

await runProgram(["partner", ...process.argv.slice(2)], MANNER);
