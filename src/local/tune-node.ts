import module from "node:module";
import v8 from "node:v8";

/** Makes Node start faster and use less memory. Call it before Miniflare, which is six megabytes, is loaded. */
export function tuneNode(): void {
  // Loading Miniflare would grow the heap for short-lived objects to 20 MB that nothing uses later.
  v8.setFlagsFromString("--max-semi-space-size=1");
  v8.setFlagsFromString("--semi-space-growth-factor=1");
  // Saves the next start a third of a second. Node 22.1 or newer has it.
  module.enableCompileCache?.();
}
