/**
 * Ends workerd when this process ends. Miniflare does so too, but not when this process is killed: workerd
 * would keep serving the same port and data.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { spawn, type ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { basename } from "node:path";

const isGuarded = new AsyncLocalStorage<true>();

/** Runs `start`, and guards each workerd that it spawns. */
export function withWorkerdGuard<Result>(start: () => Result): Result {
  return isGuarded.run(true, start);
}

// Miniflare doesn't expose its child process; Node's diagnostics channel does.
subscribe("child_process", (message) => {
  if (isGuarded.getStore() === undefined || process.platform === "win32") return;
  const { process: child } = message as { process: ChildProcess };
  child.once("spawn", () => {
    if (basename(child.spawnfile).startsWith("workerd")) guard(child);
  });
});

/** Starts a shell that kills workerd when its standard input closes, which happens when this process ends. */
function guard(child: ChildProcess): void {
  const shell = spawn("sh", ["-c", 'read -r _; kill -KILL "$0"', String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    // Keeps Ctrl-C from reaching the shell.
    detached: true,
  });
  shell.on("error", () => undefined);
  shell.unref();
  (shell.stdin as Socket).unref();
  child.once("exit", () => shell.kill("SIGKILL"));
}
