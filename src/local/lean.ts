import module from "node:module";
import v8 from "node:v8";

/** Has Node take less time and memory. To be called before Miniflare is loaded, which is six megabytes. */
export function beLean(): void {
  // What Miniflare loads would stretch the heap for short-lived objects to 20 MB that nobody needs again.
  v8.setFlagsFromString("--max-semi-space-size=1");
  v8.setFlagsFromString("--semi-space-growth-factor=1");
  // In a folder for temporary files: the next start spares a third of a second. Node has it since 22.1.
  module.enableCompileCache?.();
}
