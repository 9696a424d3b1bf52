/** Whether npm or npx runs this program, and whether they still do. */
import { readFileSync } from "node:fs";

const POLL_MILLISECONDS = 250;

/**
 * Calls back when npm is gone, which leaves behind what it started. Where anything else started the program,
 * that may go: a step of a CI wants a server to outlive its shell.
 */
export function whenNpmEnds(end: () => void): void {
  // A script of npm's may start something that starts this: then it isn't npm's.
  const script = process.env["npm_lifecycle_script"] ?? "";
  if (!/orders-sandbox|src\/cli\/start/.test(script)) return;
  const ancestors = readAncestors();
  setInterval(() => {
    if (readAncestors() !== ancestors) end();
  }, POLL_MILLISECONDS).unref();
}

/** The parent, and the parent's: npm has a shell run the program, which may put itself in between. */
function readAncestors(): string {
  return `${process.ppid} ${parentOf(process.ppid)}`;
}

/** Only Linux tells without another program. Elsewhere the shell steps aside for a single command. */
function parentOf(pid: number): string | undefined {
  try {
    // After the name, which may have anything in it: state, parent, …
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1];
  } catch {
    return undefined;
  }
}
