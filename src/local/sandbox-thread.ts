/** The entry of the thread in which the library runs its sandboxes. `thread-client.ts` is the other side. */
import { tmpdir } from "node:os";
import { parentPort } from "node:worker_threads";
import { toErrorDetails, type ErrorDetails } from "./error-details.ts";
import { requestJson, type RequestOptions } from "./http-client.ts";
import { makeWritableFolder } from "./make-folder.ts";
import { startSandbox, type StartOptions } from "./sandbox.ts";

export type ThreadOptions = Pick<
  StartOptions,
  "allowHosts" | "host" | "persistTo" | "port" | "vars"
>;

/** `id` names the sandbox, or the request. */
export type ThreadRequest = { id: number } & (
  | { type: "start"; options: ThreadOptions }
  | { type: "close" }
  | { type: "request"; url: string; options: RequestOptions }
);
export type ThreadMessage = { id: number } & (
  | { type: "spawned"; workerdPid: number }
  | { type: "started"; url: string; key: string }
  /** Why the sandbox doesn't start, or why it stops. `ended` follows. */
  | { type: "failed"; error: ErrorDetails }
  | { type: "ended" }
  | { type: "responded"; content: unknown }
  | { type: "refused"; error: ErrorDetails }
);

const closers = new Map<number, () => Promise<void>>();

parentPort!.on("message", (request: ThreadRequest) => {
  if (request.type === "start") void start(request.id, request.options);
  else if (request.type === "close") void close(request.id);
  else void send(request.id, request.url, request.options);
});

const post = (message: ThreadMessage) => parentPort!.postMessage(message, []);

function postFailure(id: number, error: unknown): void {
  post({ id, type: "failed", error: toErrorDetails(error) });
}

async function start(id: number, options: ThreadOptions): Promise<void> {
  try {
    // The client removes it when no sandbox runs.
    makeWritableFolder(tmpdir(), "temporary files", "set TMPDIR to a folder that exists");
    const sandbox = await startSandbox({
      ...options,
      temporaryFolder: tmpdir(),
      onSpawn: (workerdPid) => post({ id, type: "spawned", workerdPid }),
      onFolderLost: (error) => {
        postFailure(id, error);
        void close(id);
      },
    });
    closers.set(id, sandbox.close);
    post({ id, type: "started", url: sandbox.url, key: sandbox.key });
  } catch (error) {
    postFailure(id, error);
    post({ id, type: "ended" });
  }
}

async function close(id: number): Promise<void> {
  const closeSandbox = closers.get(id);
  if (!closeSandbox) return;
  closers.delete(id);
  try {
    await closeSandbox();
  } catch (error) {
    postFailure(id, error);
  }
  post({ id, type: "ended" });
}

async function send(id: number, url: string, options: RequestOptions): Promise<void> {
  try {
    post({ id, type: "responded", content: await requestJson(url, options) });
  } catch (error) {
    post({ id, type: "refused", error: toErrorDetails(error) });
  }
}
