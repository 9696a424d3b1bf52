import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { FAULTS } from "../../domain/faults.ts";
import { MAX_RECORDED_BODY_BYTES } from "../../domain/requests.ts";
import { logError } from "../../log.ts";
import { isConsoleRead } from "../console-reads.ts";
import type { AppEnv } from "../context.ts";
import { recordInBatch, sendPending } from "./batches.ts";
import { toNewRequest, type Exchange } from "./recorded-request.ts";

/** How long a response waits at most for a small body that the route didn't read. */
const UNREAD_BODY_MILLISECONDS = 50;

/** Records each request with a valid key and its response, after the response. A failure is only logged. */
export const recordRequests = createMiddleware<AppEnv>(async (c, next) => {
  if (isConsoleRead(c)) return next();
  const start = performance.now();
  await next();
  if (!c.get("apiKey")) return;
  const ms = Math.round(performance.now() - start);
  const requestBody = await requestBodyOf(c);
  const copy = isSentWhole(c) ? c.res.clone() : undefined;
  c.executionCtx.waitUntil(recordExchange(c, { ms, requestBody }, copy));
});

/** Records what this isolate has gathered of the request's environment, so that a list has it. */
export function recordPending(c: Context<AppEnv>): Promise<void> {
  return sendPending(c.env, c.get("apiKey").environment_id);
}

/** Lets go of the context, and the bodies in it, before it waits for the batch. */
function recordExchange(
  c: Context<AppEnv>,
  exchange: Pick<Exchange, "ms" | "requestBody">,
  copy: Response | undefined,
): Promise<void> {
  const { environment_id, dataset_id: current } = c.get("apiKey");
  const dataset_id = c.get("datasetId") ?? current;
  const request_id = c.get("requestId");
  const { env } = c;
  return readBodies(c, exchange, copy)
    .then((read) => recordInBatch(env, { environment_id, dataset_id }, toNewRequest(c, read)))
    .catch((error) => logError("request not recorded", error, { request_id }));
}

async function readBodies(
  c: Context<AppEnv>,
  exchange: Pick<Exchange, "ms" | "requestBody">,
  copy: Response | undefined,
): Promise<Exchange> {
  return {
    ...exchange,
    responseBody: await copy?.text(),
    unalteredBody: await c.get("unalteredResponse")?.text(),
  };
}

/** A fault may end the connection instead, and its body can't be read. */
function isSentWhole(c: Context<AppEnv>): boolean {
  const fault = c.get("fault");
  if (fault && FAULTS[fault.fault].delivers !== "everything") return false;
  return c.res.body !== null;
}

/** The body that the route has read. One that it didn't need is read here, if it is small and has arrived. */
async function requestBodyOf(c: Context<AppEnv>): Promise<Exchange["requestBody"]> {
  const { bodyCache, raw } = c.req;
  // A promise, whatever Hono's type says.
  if (bodyCache.arrayBuffer) return c.req.arrayBuffer().catch(() => "unread" as const);
  if (raw.method === "GET" || raw.body === null) return undefined;
  const isLong = Number(raw.headers.get("Content-Length") ?? Infinity) > MAX_RECORDED_BODY_BYTES;
  if (isLong || raw.bodyUsed) return "unread";
  return Promise.race([
    c.req.arrayBuffer().catch(() => "unread" as const),
    scheduler.wait(UNREAD_BODY_MILLISECONDS).then(() => "unread" as const),
  ]);
}
