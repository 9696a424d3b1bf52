/** `npm run partner`: the package's `orders-sandbox partner`. */
import { runProgram } from "../local/program.ts";
import { NPM_INVOCATION } from "./npm-invocation.ts";

await runProgram(["partner", ...process.argv.slice(2)], NPM_INVOCATION);
