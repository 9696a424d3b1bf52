import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { isFree } from "../../src/cli/ports.ts";

/** How long `npm start` may take until it says that it is ready. */
const START_TIMEOUT_MILLISECONDS = 60_000;

/** Below the ports that systems give out by themselves, so that nobody comes to listen there meanwhile. */
const PORTS = { first: 20_000, count: 10_000 };

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if (await isFree(port)) return port;
  }
}

/** The sandbox as a user starts it: `npm start`, in processes of its own. */
export class Server {
  readonly url: string;
  readonly #process: ChildProcess;
  /** All that it has printed. */
  output = "";

  constructor(port: number, folder: string) {
    this.url = `http://localhost:${port}`;
    // A group of its own, so that npm, wrangler and workerd can be stopped together.
    this.#process = spawn("npm", ["start", "--", "--port", `${port}`, "--persist-to", folder], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  /** Resolves when the last line of the start-up is there; fails with the output when it ends before. */
  async ready(): Promise<this> {
    const deadline = Date.now() + START_TIMEOUT_MILLISECONDS;
    while (!this.output.includes("Try it:")) {
      if (this.#process.exitCode !== null || Date.now() > deadline) {
        throw new Error(`The server did not start:\n${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
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

/** A request with a key, as any HTTP client makes it. */
export async function request(
  server: Server,
  method: string,
  path: string,
  body?: unknown,
  key = "test_sandbox_a",
) {
  const response = await fetch(server.url + path, {
    method,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text ? JSON.parse(text) : undefined,
  };
}
