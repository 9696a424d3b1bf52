/** `npm start`: the program of the package, from the sources. They are built where they have changed. */
import { beLean } from "../local/lean.ts";
import { buildIfChanged } from "./build.ts";
import { MANNER } from "./manner.ts";

await buildIfChanged();
beLean();
const { runProgram } = await import("../local/program.ts");
await runProgram(process.argv.slice(2), MANNER);
