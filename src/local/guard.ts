/**
 * Has workerd end with this process. Miniflare ends it, except where this process is killed: then workerd
 * would go on answering, on the same port and with the same data.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { spawn, type ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { basename } from "node:path";

const guarded = new AsyncLocalStorage<true>();

/** Runs what starts a workerd, with the guard set on that. */
export function withGuard<Result>(start: () => Result): Result {
  return guarded.run(true, start);
}

// Miniflare doesn't tell which process it starts; Node does.
subscribe("child_process", (message) => {
  if (guarded.getStore() === undefined || process.platform === "win32") return;
  const { process: child } = message as { process: ChildProcess };
  child.once("spawn", () => {
    if (basename(child.spawnfile).startsWith("workerd")) guard(child);
  });
});

/** A shell that waits for the end of its input, which comes when this process is gone. */
function guard(child: ChildProcess): void {
  const shell = spawn("sh", ["-c", 'read -r _; kill -KILL "$0"', String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    // Ctrl-C isn't for it.
    detached: true,
  });
  shell.on("error", () => undefined);
  shell.unref();
  (shell.stdin as Socket).unref();
  child.once("exit", () => shell.kill("SIGKILL"));
}
