/**
 * Runs sandboxes in a thread, because their runtime uses globals: a test may replace `fetch`, timers, the clock
 * and others in its own thread.
 */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { URL } from "node:url";
import { Worker } from "node:worker_threads";
import { SandboxError } from "./sandbox-error.ts";
import type { ThreadMessage, ThreadOptions, ThreadRequest } from "./sandbox-thread.ts";

const ENTRY = new URL(
  import.meta.url.endsWith(".ts") ? "./sandbox-thread.ts" : "./sandbox-thread.js",
  import.meta.url,
);
/** Loading Miniflare would grow the heap for short-lived objects to 20 MB that nothing uses later. */
const MAX_YOUNG_GENERATION_MEBIBYTES = 4;

/** A sandbox that runs in the thread. */
export interface ThreadSandbox {
  url: string;
  key: string;
  /** Throws the error that says why the sandbox doesn't run any more. */
  requireRunning: () => void;
  close: () => Promise<void>;
}

/** One thread for all sandboxes of this process: it takes 100 MB. It stays, so that later ones start faster. */
let current: SandboxThread | undefined;

export function startInThread(options: ThreadOptions): Promise<ThreadSandbox> {
  current ??= new SandboxThread(() => (current = undefined));
  return current.start(options);
}

interface Entry {
  started: PromiseWithResolvers<{ url: string; key: string }>;
  ended: PromiseWithResolvers<void>;
  workerdPid?: number;
  failure?: SandboxError;
}

class SandboxThread {
  readonly #sandboxes = new Map<number, Entry>();
  readonly #temporaryFolder = join(tmpdir(), `orders-sandbox-${randomUUID()}`);
  readonly #worker: Worker;
  #lastId = 0;

  constructor(onExit: () => void) {
    const { NODE_OPTIONS: _, NODE_USE_ENV_PROXY: __, ...env } = process.env;
    const folder = this.#temporaryFolder;
    this.#worker = new Worker(ENTRY, {
      // Flags such as --import would load the test's hooks.
      execArgv: [],
      env: { ...env, TMPDIR: folder, TEMP: folder, TMP: folder },
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_GENERATION_MEBIBYTES },
    });
    this.#worker.on("message", (message: ThreadMessage) => this.#receive(message));
    let cause: unknown;
    this.#worker.on("error", (error) => (cause = error));
    this.#worker.on("exit", () => {
      onExit();
      for (const [id, entry] of this.#sandboxes) {
        entry.failure ??= new SandboxError("The sandbox has stopped unexpectedly.", { cause });
        this.#end(id, entry);
      }
    });
  }

  async start(options: ThreadOptions): Promise<ThreadSandbox> {
    const id = (this.#lastId += 1);
    const entry: Entry = { started: Promise.withResolvers(), ended: Promise.withResolvers() };
    this.#post({ id, type: "start", options });
    if (this.#sandboxes.size === 0) this.#keepProcessAlive();
    this.#sandboxes.set(id, entry);
    const requireRunning = () => {
      if (entry.failure) throw entry.failure;
    };
    const close = () => {
      if (this.#sandboxes.has(id)) this.#post({ id, type: "close" });
      return entry.ended.promise;
    };
    return { ...(await entry.started.promise), requireRunning, close };
  }

  #post(request: ThreadRequest): void {
    this.#worker.postMessage(request, []);
  }

  #receive(message: ThreadMessage): void {
    const entry = this.#sandboxes.get(message.id)!;
    if (message.type === "spawned") entry.workerdPid = message.workerdPid;
    else if (message.type === "started") entry.started.resolve(message);
    else if (message.type === "failed") {
      entry.failure = new SandboxError(message.message, { cause: message.cause });
    } else this.#end(message.id, entry);
  }

  #end(id: number, entry: Entry): void {
    entry.failure ??= new SandboxError("The sandbox is closed.");
    entry.started.reject(entry.failure);
    this.#sandboxes.delete(id);
    if (this.#sandboxes.size === 0) this.#letProcessExit();
    entry.ended.resolve();
  }

  #keepProcessAlive(): void {
    this.#worker.ref();
    process.on("exit", this.#cleanUp);
  }

  #letProcessExit(): void {
    this.#worker.unref();
    process.off("exit", this.#cleanUp);
    this.#cleanUp();
  }

  /** Ends workerd, and removes its files, if this process exits without closing the sandboxes. */
  readonly #cleanUp = (): void => {
    for (const { workerdPid } of this.#sandboxes.values()) {
      if (workerdPid !== undefined) kill(workerdPid);
    }
    rmSync(this.#temporaryFolder, { recursive: true, force: true });
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
