import { SandboxError } from "./sandbox-error.ts";

const MINIMUM_NODE = 22;
/** Runtimes that claim to be Node, but lack what Miniflare needs. */
const NAMES = { bun: "Bun", deno: "Deno" };

/** Call it before loading anything that fails on an older Node with an unhelpful message. */
export function requireNode(): void {
  const other = (["bun", "deno"] as const).find((name) => name in process.versions);
  if (other !== undefined) {
    throw new SandboxError(
      `Orders Sandbox needs Node ${MINIMUM_NODE} or newer, but this is ${NAMES[other]}: run it with node.`,
    );
  }
  const [major] = process.versions.node.split(".");
  if (Number(major) >= MINIMUM_NODE) return;
  throw new SandboxError(
    `Orders Sandbox needs Node ${MINIMUM_NODE} or newer, but this is Node ${process.versions.node}.`,
  );
}
