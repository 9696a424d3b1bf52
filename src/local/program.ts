/** The program `orders-sandbox`, which `npm start` runs from the sources. */
import { debuglog } from "node:util";
import { toSandboxError } from "./error-details.ts";
import type { Invocation } from "./invocation.ts";
import { printError } from "./terminal.ts";

/** `NODE_DEBUG=orders-sandbox` prints the stacks of errors. */
const debug = debuglog("orders-sandbox");

/** Runs the program. An error becomes a sentence on stderr and status 1. */
export async function runProgram(args: string[], invocation: Invocation): Promise<void> {
  try {
    await runCommand(args, invocation);
  } catch (error) {
    debug("%o", error);
    printError(toSandboxError(error).message);
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
  } else if (command === "readiness") {
    const { readiness } = await import("./readiness-command.ts");
    await readiness(rest, `${invocation.command} readiness`);
  } else if (command === "listen") {
    const { listen } = await import("./listen-command.ts");
    await listen(rest, `${invocation.command} listen`);
  } else {
    const { serve } = await import("./serve-command.ts");
    await serve(args, invocation);
  }
}
