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
  const copy = isSentWhole(c) ? c.res.clone() : undefined;
  c.executionCtx.waitUntil(recordExchange(c, { ms, requestBody }, copy));
});

/** Records this isolate's pending requests of the environment immediately, so that a following list includes them. */
export function recordPending(c: Context<AppEnv>): Promise<void> {
  return sendPending(c.env, c.get("apiKey").environment_id);
}

/** Reads all it needs from the context first: while the batch waits, the bodies in the context can be freed. */
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

/** Whether the response has a complete body. A body that a fault breaks off can't be read. */
function isSentWhole(c: Context<AppEnv>): boolean {
  const fault = c.get("fault");
  if (fault && FAULTS[fault.fault].delivers !== "everything") return false;
  return c.res.body !== null;
}
