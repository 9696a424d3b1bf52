/** `npm start`: the program of the package, from the sources. They are built where they have changed. */
import { runProgram } from "../local/program.ts";
import { buildIfChanged } from "./build.ts";
import { MANNER } from "./manner.ts";

await buildIfChanged();
await runProgram(process.argv.slice(2), MANNER);
