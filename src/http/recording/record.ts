import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { FAULTS } from "../../domain/faults.ts";
import { logError } from "../../log.ts";
import { isConsoleRead } from "../console-reads.ts";
import type { AppEnv } from "../context.ts";
import { recordInBatch, sendPending } from "./batches.ts";
import { recordedBodyOf } from "./recorded-body.ts";
import { toNewRequest, type Exchange } from "./recorded-request.ts";

/** Records each request with a valid key and its response, after the response. A failure is only logged. */
export const recordRequests = createMiddleware<AppEnv>(async (c, next) => {
  if (isConsoleRead(c)) return next();
  const start = performance.now();
  await next();
  if (!c.get("apiKey") || c.get("isUnrecorded")) return;
  const ms = Math.round(performance.now() - start);
  const requestBody = await recordedBodyOf(c);
  const responseBody = await readableBody(c);
  c.executionCtx.waitUntil(recordExchange(c, { ms, requestBody }, responseBody));
});

/** Records this isolate's pending requests of the environment immediately, so that the next list includes them. */
export function recordPending(c: Context<AppEnv>): Promise<void> {
  return sendPending(c.env, c.get("apiKey").environment_id);
}

/** Reads the context before the batch waits, so that the bodies in the context can be freed meanwhile. */
function recordExchange(
  c: Context<AppEnv>,
  exchange: Pick<Exchange, "ms" | "requestBody">,
  responseBody: Readable | undefined,
): Promise<void> {
  const { environment_id, dataset_id: current } = c.get("apiKey");
  const dataset_id = c.get("datasetId") ?? current;
  const request_id = c.get("requestId");
  const { env } = c;
  return readBodies(c, exchange, responseBody)
    .then((read) => recordInBatch(env, { environment_id, dataset_id }, toNewRequest(c, read)))
    .catch((error) => logError("request not recorded", error, { request_id }));
}

async function readBodies(
  c: Context<AppEnv>,
  exchange: Pick<Exchange, "ms" | "requestBody">,
  responseBody: Readable | undefined,
): Promise<Exchange> {
  return {
    ...exchange,
    responseBody: await responseBody?.text(),
    unalteredBody: await c.get("unalteredResponse")?.text(),
  };
}

/** A body that can be read without the response. */
type Readable = Pick<Response, "text">;

/**
 * The response's body; undefined if the client doesn't receive all of it. Without a fault, the body is in memory:
 * reading it and building the response again takes half the time of a clone.
 */
async function readableBody(c: Context<AppEnv>): Promise<Readable | undefined> {
  if (!isSentWhole(c)) return undefined;
  if (c.get("fault")) return c.res.clone();
  const { res } = c;
  const text = await res.text();
  // Otherwise Hono copies the old response's headers to the new one.
  c.res = undefined;
  c.res = new Response(text, res);
  return { text: () => Promise.resolve(text) };
}

/** Whether the response has a complete body. A body that a fault breaks off can't be read. */
function isSentWhole(c: Context<AppEnv>): boolean {
  const fault = c.get("fault");
  if (fault && FAULTS[fault.fault].delivers !== "everything") return false;
  return c.res.body !== null;
}
