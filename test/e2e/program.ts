import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a program may take to start. */
const START_TIMEOUT_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 50;
const CLOSE_MILLISECONDS = 2_000;

/** A child process with its own process group. */
export class Program {
  readonly #process: ChildProcess;
  readonly #readyLine: string;
  readonly #closed: Promise<unknown>;
  /** Everything that it has printed. */
  output = "";

  /** `readyLine` is the text that the program prints when it is ready. */
  constructor(tool: string, args: string[], readyLine: string, options: SpawnOptions = {}) {
    this.#readyLine = readyLine;
    // In its own process group, so that `stop` also reaches its children.
    const own: SpawnOptions = { detached: true, stdio: ["ignore", "pipe", "pipe"] };
    this.#process = spawn(tool, args, { ...options, ...own });
    this.#closed = once(this.#process, "close");
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Resolves when the program is ready. Throws with its output if it exits first. */
  async ready(): Promise<this> {
    const deadline = Date.now() + START_TIMEOUT_MILLISECONDS;
    while (!this.output.includes(this.#readyLine)) {
      if (this.#process.exitCode !== null || Date.now() > deadline) {
        throw new Error(`It did not start:\n${this.output}`);
      }
      await sleep(POLL_MILLISECONDS);
    }
    return this;
  }

  /** Ends the whole process group: like Ctrl-C, or immediately with SIGKILL. */
  async stop(signal: "SIGINT" | "SIGKILL" = "SIGINT"): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, "exit");
    process.kill(-this.#process.pid!, signal);
    await exit;
  }

  /** Resolves when the program has exited, and its output has been read unless a child still holds it open. */
  async exited(): Promise<number | null> {
    if (this.#process.exitCode === null) await once(this.#process, "exit");
    await Promise.race([this.#closed, sleep(CLOSE_MILLISECONDS)]);
    return this.#process.exitCode;
  }
}
