#!/usr/bin/env node
/** The package's program. */
import { requireNode } from "./node-version.ts";
import { SandboxError } from "./sandbox-error.ts";
import { tuneNode } from "./tune-node.ts";

try {
  requireNode();
} catch (error) {
  if (!(error instanceof SandboxError)) throw error;
  console.error(error.message);
  process.exit(1);
}
tuneNode();
const { runProgram } = await import("./program.ts");
await runProgram(process.argv.slice(2), {
  command: "orders-sandbox",
  partnerCommand: "orders-sandbox partner",
});
