/** The program `orders-sandbox`, which `npm start` runs from the sources. */
import type { Invocation } from "./invocation.ts";
import { SandboxError } from "./sandbox-error.ts";

/** Runs the program. A `SandboxError` becomes a sentence on stderr and status 1. */
export async function runProgram(args: string[], invocation: Invocation): Promise<void> {
  try {
    await runCommand(args, invocation);
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** Loads only the modules of the command, which makes the start faster. */
async function runCommand(args: string[], invocation: Invocation): Promise<void> {
  const [command, ...rest] = args;
  if (command === "partner") {
    const { partner } = await import("./partner-command.ts");
    await partner(rest, invocation.partnerCommand);
  } else if (command === "requests") {
    const { requests } = await import("./requests-command.ts");
    await requests(rest, `${invocation.command} requests`);
  } else {
    const { serve } = await import("./serve-command.ts");
    await serve(args, invocation);
  }
}
