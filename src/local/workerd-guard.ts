/**
 * Ends workerd when this process ends. Miniflare does so too, but not when this process is killed: workerd
 * would keep serving the same port and data.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { spawn, type ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { basename } from "node:path";

export interface GuardOptions {
  /** Called with the process ID of workerd. */
  onSpawn: (pid: number) => void;
  /** Called if workerd can't be spawned. */
  onFailure: (error: Error) => void;
  /** A folder to remove when workerd has ended. */
  temporaryFolder: string | undefined;
}

const optionsOfStart = new AsyncLocalStorage<GuardOptions>();

/** Runs `start`, and guards each workerd that it spawns. */
export function withWorkerdGuard<Result>(start: () => Result, options: GuardOptions): Result {
  return optionsOfStart.run(options, start);
}

// Miniflare doesn't expose its child process; Node's diagnostics channel does.
subscribe("child_process", (message) => {
  const options = optionsOfStart.getStore();
  if (!options) return;
  const { process: child } = message as { process: ChildProcess };
  child.once("error", options.onFailure);
  child.once("spawn", () => {
    if (!basename(child.spawnfile).startsWith("workerd")) return;
    options.onSpawn(child.pid!);
    if (process.platform !== "win32") guard(child, options);
  });
});

/** Kills workerd when the shell's standard input closes, which happens when this process ends. */
const SCRIPT = 'read -r _; kill -KILL "$1"; if [ -n "$2" ]; then rm -rf -- "$2"; fi';

function guard(child: ChildProcess, { temporaryFolder = "" }: GuardOptions): void {
  const shell = spawn("sh", ["-c", SCRIPT, "sh", String(child.pid), temporaryFolder], {
    stdio: ["pipe", "ignore", "ignore"],
    // Keeps Ctrl-C from reaching the shell.
    detached: true,
  });
  shell.on("error", () => undefined);
  shell.unref();
  (shell.stdin as Socket).unref();
  child.once("exit", () => shell.kill("SIGKILL"));
}
