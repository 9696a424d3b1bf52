import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";

/** How long a program may take until it is ready. */
const START_TIMEOUT_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 50;

/** A program that runs beside the test, in processes of its own. */
export class Program {
  readonly #process: ChildProcess;
  readonly #readyLine: string;
  /** All that it has printed. */
  output = "";

  /** `readyLine` is what it prints when it is ready. */
  constructor(tool: string, args: string[], readyLine: string, options: SpawnOptions = {}) {
    this.#readyLine = readyLine;
    // A group of its own, so that all that it starts can be stopped together.
    const own: SpawnOptions = { detached: true, stdio: ["ignore", "pipe", "pipe"] };
    this.#process = spawn(tool, args, { ...options, ...own });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Resolves when the program is ready; fails with the output when it ends before. */
  async ready(): Promise<this> {
    const deadline = Date.now() + START_TIMEOUT_MILLISECONDS;
    while (!this.output.includes(this.#readyLine)) {
      if (this.#process.exitCode !== null || Date.now() > deadline) {
        throw new Error(`It did not start:\n${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
    return this;
  }

  /** Ends all its processes: as Ctrl-C does, or at once with SIGKILL. */
  async stop(signal: "SIGINT" | "SIGKILL" = "SIGINT"): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, "exit");
    process.kill(-this.#process.pid!, signal);
    await exit;
  }

  async exited(): Promise<number | null> {
    if (this.#process.exitCode === null) await once(this.#process, "exit");
    return this.#process.exitCode;
  }
}
