/**
 * Runs sandboxes, and sends requests to them, in another thread. A test may replace `fetch`, timers, the clock,
 * sockets and other parts of its own thread, on which the runtime of a sandbox depends.
 */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { URL } from "node:url";
import { Worker } from "node:worker_threads";
import type { SigningToken } from "../domain/notification-candidates.ts";
import { fromErrorDetails } from "./error-details.ts";
import type { RequestJson } from "./http-client.ts";
import type { InboxResponse, ReceivedBody } from "./inbox-server.ts";
import { SandboxError } from "./sandbox-error.ts";
import { removeFolder, temporaryVariables } from "./temporary-folder.ts";
import type { ThreadMessage, ThreadOptions, ThreadRequest } from "./sandbox-thread.ts";

const ENTRY = new URL(
  import.meta.url.endsWith(".ts") ? "./sandbox-thread.ts" : "./sandbox-thread.js",
  import.meta.url,
);
/** Without this limit, loading Miniflare grows the young generation to 20 MB, which nothing needs later. */
const MAX_YOUNG_GENERATION_MEBIBYTES = 4;

/** A sandbox that runs in the thread. */
export interface ThreadSandbox {
  url: string;
  key: string;
  /** If the sandbox has ended, rejects with the error that ended it. */
  request: RequestJson;
  openInbox: OpenInbox;
  close: () => Promise<void>;
}

/** Starts the server of an inbox. `onEnd` is called if the sandbox ends first. */
export type OpenInbox = (
  token: SigningToken,
  onReceived: (notification: ReceivedBody) => void,
  onEnd: (error: SandboxError) => void,
) => Promise<ThreadInbox>;

/** The server of an inbox that runs in the thread. */
export interface ThreadInbox {
  port: number;
  respond: (response: InboxResponse) => Promise<void>;
  close: () => Promise<void>;
}

/** One thread for all sandboxes of this process: it takes 100 MB. It stays, so that later ones start faster. */
let current: SandboxThread | undefined;

export function startInThread(options: ThreadOptions): Promise<ThreadSandbox> {
  current ??= new SandboxThread(() => (current = undefined));
  return current.start(options);
}

interface InboxEntry {
  sandboxId: number;
  onReceived: (notification: ReceivedBody) => void;
  onEnd: (error: SandboxError) => void;
}

interface SandboxEntry {
  started: PromiseWithResolvers<{ url: string; key: string }>;
  ended: PromiseWithResolvers<void>;
  workerdPid?: number;
  failure?: SandboxError;
}

class SandboxThread {
  readonly #sandboxes = new Map<number, SandboxEntry>();
  readonly #requests = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #inboxes = new Map<number, InboxEntry>();
  readonly #temporaryFolder = join(tmpdir(), `orders-sandbox-${randomUUID()}`);
  readonly #worker: Worker;
  #lastId = 0;

  constructor(onExit: () => void) {
    this.#worker = new Worker(ENTRY, {
      // Flags such as --import would load the test's hooks.
      execArgv: [],
      env: threadVariables(this.#temporaryFolder),
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_GENERATION_MEBIBYTES },
    });
    this.#worker.unref();
    this.#worker.on("message", (message: ThreadMessage) => this.#receive(message));
    let cause: unknown;
    this.#worker.on("error", (error) => (cause = error));
    this.#worker.on("exit", () => {
      onExit();
      this.#endAll(new SandboxError("The sandbox has stopped unexpectedly.", { cause }));
    });
  }

  async start(options: ThreadOptions): Promise<ThreadSandbox> {
    const id = this.#nextId();
    const entry: SandboxEntry = {
      started: Promise.withResolvers(),
      ended: Promise.withResolvers(),
    };
    this.#post({ id, type: "start", options });
    if (this.#sandboxes.size === 0) this.#keepProcessAlive();
    this.#sandboxes.set(id, entry);
    return {
      ...(await entry.started.promise),
      request: async (url, input) => {
        if (entry.failure) throw entry.failure;
        return this.#send({ id: this.#nextId(), type: "request", url, options: input });
      },
      openInbox: async (token, onReceived, onEnd) => {
        if (entry.failure) throw entry.failure;
        return this.#openInbox(token, { sandboxId: id, onReceived, onEnd }, entry);
      },
      close: () => {
        if (this.#sandboxes.has(id)) this.#post({ id, type: "close" });
        return entry.ended.promise;
      },
    };
  }

  async #openInbox(
    token: SigningToken,
    inbox: InboxEntry,
    sandbox: SandboxEntry,
  ): Promise<ThreadInbox> {
    const inboxId = this.#nextId();
    this.#inboxes.set(inboxId, inbox);
    const { sandboxId } = inbox;
    const port = await this.#send({ id: inboxId, type: "openInbox", sandboxId, token });
    return {
      port: port as number,
      respond: async (response) => {
        if (sandbox.failure) throw sandbox.failure;
        await this.#send({ id: this.#nextId(), type: "respondFromInbox", inboxId, response });
      },
      close: async () => {
        this.#inboxes.delete(inboxId);
        // The sandbox has closed it already.
        if (sandbox.failure) return;
        await this.#send({ id: this.#nextId(), type: "closeInbox", inboxId });
      },
    };
  }

  /** Resolves to the content of the response. */
  #send(request: ThreadRequest): Promise<unknown> {
    const response = Promise.withResolvers<unknown>();
    this.#requests.set(request.id, response);
    this.#post(request);
    return response.promise;
  }

  #nextId(): number {
    return (this.#lastId += 1);
  }

  #post(request: ThreadRequest): void {
    this.#worker.postMessage(request, []);
  }

  #receive(message: ThreadMessage): void {
    if (message.type === "responded") this.#takeRequest(message.id).resolve(message.content);
    else if (message.type === "refused")
      this.#takeRequest(message.id).reject(fromErrorDetails(message.error));
    else if (message.type === "received")
      this.#inboxes.get(message.id)?.onReceived(message.notification);
    else this.#update(message, this.#sandboxes.get(message.id)!);
  }

  #takeRequest(id: number): PromiseWithResolvers<unknown> {
    const request = this.#requests.get(id)!;
    this.#requests.delete(id);
    return request;
  }

  #update(
    message: Exclude<ThreadMessage, { type: "responded" | "refused" | "received" }>,
    entry: SandboxEntry,
  ): void {
    switch (message.type) {
      case "spawned":
        entry.workerdPid = message.workerdPid;
        break;
      case "started":
        entry.started.resolve(message);
        break;
      case "failed":
        entry.failure = fromErrorDetails(message.error);
        break;
      case "ended":
        this.#end(message.id, entry);
    }
  }

  #end(id: number, entry: SandboxEntry): void {
    entry.failure ??= new SandboxError("The sandbox is closed.");
    entry.started.reject(entry.failure);
    this.#sandboxes.delete(id);
    for (const [inboxId, inbox] of this.#inboxes) {
      if (inbox.sandboxId !== id) continue;
      this.#inboxes.delete(inboxId);
      inbox.onEnd(entry.failure);
    }
    if (this.#sandboxes.size === 0) this.#letProcessExit();
    entry.ended.resolve();
  }

  #endAll(error: SandboxError): void {
    for (const [id, entry] of this.#sandboxes) {
      entry.failure ??= error;
      this.#end(id, entry);
    }
    for (const request of this.#requests.values()) request.reject(error);
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
    removeFolder(this.#temporaryFolder);
  };
}

/** This process's variables, without those that configure Node. */
function threadVariables(temporaryFolder: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, NODE_USE_ENV_PROXY: __, ...env } = process.env;
  return { ...env, ...temporaryVariables(temporaryFolder) };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
