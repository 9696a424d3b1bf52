/** `npm start`: builds the Worker if its sources have changed, and runs the package's program. */
import { tuneNode } from "../local/tune-node.ts";
import { buildIfChanged } from "./build.ts";
import { NPM_INVOCATION } from "./npm-invocation.ts";

await buildIfChanged();
tuneNode();
const { runProgram } = await import("../local/program.ts");
await runProgram(process.argv.slice(2), NPM_INVOCATION);
