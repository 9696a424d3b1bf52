import { SandboxError } from "./sandbox-error.ts";

const LEAST_NODE = 22;

/** To be called before anything is loaded that an older Node fails at, in words that are no help. */
export function requireNode(): void {
  const [major] = process.versions.node.split(".");
  if (Number(major) >= LEAST_NODE) return;
  throw new SandboxError(
    `Orders Sandbox needs Node ${LEAST_NODE} or newer, but this is Node ${process.versions.node}.`,
  );
}
