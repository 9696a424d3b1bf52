/** The entry of the thread that runs the sandboxes of the library. `thread-client.ts` controls it. */
import { tmpdir } from "node:os";
import { parentPort } from "node:worker_threads";
import { toErrorDetails, type ErrorDetails } from "./error-details.ts";
import type { SigningToken } from "../domain/notification-candidates.ts";
import { InboxServer, type InboxResponse, type ReceivedBody } from "./inbox-server.ts";
import { requestJson, type RequestOptions } from "./http-client.ts";
import { makeWritableFolder } from "./make-folder.ts";
import { startSandbox, type StartOptions } from "./sandbox.ts";

export type ThreadOptions = Pick<
  StartOptions,
  "allowHosts" | "host" | "persistTo" | "port" | "vars"
>;

/** `id` is that of the sandbox for "start" and "close", otherwise that of the request. */
export type ThreadRequest = { id: number } & (
  | { type: "start"; options: ThreadOptions }
  | { type: "close" }
  | { type: "request"; url: string; options: RequestOptions }
  /** `id` also becomes the ID of the inbox. */
  | { type: "openInbox"; sandboxId: number; token: SigningToken }
  | { type: "respondFromInbox"; inboxId: number; response: InboxResponse }
  | { type: "closeInbox"; inboxId: number }
);
export type ThreadMessage = { id: number } & (
  | { type: "spawned"; workerdPid: number }
  | { type: "started"; url: string; key: string }
  /** The error that keeps the sandbox from starting, or stops it. `ended` follows. */
  | { type: "failed"; error: ErrorDetails }
  | { type: "ended" }
  | { type: "responded"; content: unknown }
  | { type: "refused"; error: ErrorDetails }
  /** `id` is that of the inbox. */
  | { type: "received"; notification: ReceivedBody }
);

const closers = new Map<number, () => Promise<void>>();
const inboxes = new Map<number, { sandboxId: number; server: InboxServer }>();

parentPort!.on("message", (request: ThreadRequest) => {
  if (request.type === "start") void start(request.id, request.options);
  else if (request.type === "close") void close(request.id);
  else void respond(request);
});

const post = (message: ThreadMessage) => parentPort!.postMessage(message, []);

function postFailure(id: number, error: unknown): void {
  post({ id, type: "failed", error: toErrorDetails(error) });
}

async function start(id: number, options: ThreadOptions): Promise<void> {
  try {
    // `thread-client.ts` removes this folder when the last sandbox has closed.
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
  const own = [...inboxes].filter(([, { sandboxId }]) => sandboxId === id);
  await Promise.all(own.map(([inboxId]) => closeInbox(inboxId)));
  try {
    await closeSandbox();
  } catch (error) {
    postFailure(id, error);
  }
  post({ id, type: "ended" });
}

type RequestWithResponse = Exclude<ThreadRequest, { type: "start" | "close" }>;

async function respond(request: RequestWithResponse): Promise<void> {
  const { id } = request;
  try {
    post({ id, type: "responded", content: await execute(request) });
  } catch (error) {
    post({ id, type: "refused", error: toErrorDetails(error) });
  }
}

async function execute(request: RequestWithResponse): Promise<unknown> {
  if (request.type === "request") return requestJson(request.url, request.options);
  if (request.type === "openInbox") return openInbox(request.id, request.sandboxId, request.token);
  if (request.type === "closeInbox") return closeInbox(request.inboxId);
  return inboxes.get(request.inboxId)?.server.respond(request.response);
}

/** Returns the port. */
async function openInbox(id: number, sandboxId: number, token: SigningToken): Promise<number> {
  const server = new InboxServer(token, (notification) =>
    post({ id, type: "received", notification }),
  );
  const port = await server.listen();
  inboxes.set(id, { sandboxId, server });
  return port;
}

async function closeInbox(id: number): Promise<void> {
  const inbox = inboxes.get(id);
  inboxes.delete(id);
  await inbox?.server.close();
}
