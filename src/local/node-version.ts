import { SandboxError } from "./sandbox-error.ts";

const MINIMUM_NODE = 22;

/** Call it before loading anything that fails on an older Node with an unhelpful message. */
export function requireNode(): void {
  const [major] = process.versions.node.split(".");
  if (Number(major) >= MINIMUM_NODE) return;
  throw new SandboxError(
    `Orders Sandbox needs Node ${MINIMUM_NODE} or newer, but this is Node ${process.versions.node}.`,
  );
}
