#!/usr/bin/env node
/** The package's program. */
import { beLean } from "./lean.ts";
import { requireNode } from "./node-version.ts";
import { SandboxError } from "./sandbox-error.ts";

try {
  requireNode();
} catch (error) {
  if (!(error instanceof SandboxError)) throw error;
  console.error(error.message);
  process.exit(1);
}
beLean();
const { runProgram } = await import("./program.ts");
await runProgram(process.argv.slice(2), {
  command: "orders-sandbox",
  partnerCommand: "orders-sandbox partner",
});
