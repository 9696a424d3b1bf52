import module from "node:module";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";
import { BUILD_FOLDER } from "./artifacts.ts";

/** Makes Node start faster and use less memory. Call it before loading Miniflare, a module of 6 MB. */
export function tuneNode(): void {
  // Otherwise, loading Miniflare grows the young generation to 20 MB, which nothing needs later.
  v8.setFlagsFromString("--max-semi-space-size=1");
  v8.setFlagsFromString("--semi-space-growth-factor=1");
  // Saves the next start a third of a second. Node 22.1 or newer has it.
  // Node's default folder is in the shared temporary folder, where another user could plant code. Whoever can write to
  // this one can change the program itself.
  module.enableCompileCache?.(fileURLToPath(new URL("../compile-cache", BUILD_FOLDER)));
}
