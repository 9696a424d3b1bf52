/** Detects the exit of the npm or npx process that started this program. */
import { readFileSync } from "node:fs";

const POLL_MILLISECONDS = 250;

/**
 * Calls `callback` when npm exits, because npm leaves its child processes running. Any other parent may exit
 * without ending this program: a CI step expects a server to outlive its shell.
 */
export function onNpmExit(callback: () => void): void {
  // npm sets this for everything below a script, so check that the script is ours.
  const script = process.env["npm_lifecycle_script"] ?? "";
  if (!/orders-sandbox|src\/cli\/start/.test(script)) return;
  const ancestors = readAncestors();
  setInterval(() => {
    if (readAncestors() !== ancestors) callback();
  }, POLL_MILLISECONDS).unref();
}

/** The parent and grandparent: npm may run the program in a shell. */
function readAncestors(): string {
  return `${process.ppid} ${parentOf(process.ppid)}`;
}

/** Only Linux has /proc. Elsewhere, the shell replaces itself with its only command, so npm is the parent. */
function parentOf(pid: number): string | undefined {
  try {
    // The fields after the name, which may contain spaces: state, parent, …
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1];
  } catch {
    return undefined;
  }
}
