import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { configOf } from "../config.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { MAX_BODY_BYTES, UPLOAD_SECONDS } from "../http/request-body.ts";

/** The bodies of a partner's running requests in an isolate have at most this many bytes together. */
const MAX_RUNNING_BYTES = MAX_BODY_BYTES;
/** Each request counts as at least this many bytes, so that at most eight run at a time. */
const MIN_REQUEST_BYTES = MAX_RUNNING_BYTES / 8;
/** The maximum number of a partner's waiting requests in an isolate, and the maximum time that one waits. */
const MAX_WAITING = 500;
const MAX_WAIT_MILLISECONDS = 30_000;
/** The runtime may end a request without running its `finally`. After this time, a request no longer counts as running. */
const MAX_RUN_MILLISECONDS = UPLOAD_SECONDS * 1_000 + 30_000;

/**
 * A waiting request checks its place in the queue after this time, multiplied by the place. It has to poll: one
 * invocation of a Worker can't wake another.
 */
const CHECK_MILLISECONDS = 5;
const MAX_CHECK_MILLISECONDS = 250;
/** A waiting request that doesn't check its place for this long, while the isolate is awake, counts as cancelled. */
const CANCELLED_MILLISECONDS = 1_000;
/**
 * If a request had to wait, it pauses for this long before it starts. Without the pause, a full queue would keep the
 * runtime busy, and a busy runtime accepts no connections.
 */
const YIELD_MILLISECONDS = 1;

interface QueuedRequest {
  bytes: number;
  /** Undefined while it waits. */
  startedAt: number | undefined;
  /** When it last checked its place, in this isolate's time awake. */
  checkedAt: number;
}

let awakeMilliseconds = 0;
let lastCheckAt = 0;

/** How long this isolate has been awake. While it is paused, no request can check its place. */
function timeAwake(now: number): number {
  awakeMilliseconds += Math.min(now - lastCheckAt, MAX_CHECK_MILLISECONDS);
  lastCheckAt = now;
  return awakeMilliseconds;
}

/** The requests of each partner in this isolate, in order of arrival. */
const queues = new Map<number, Set<QueuedRequest>>();

/**
 * Limits how many requests of a partner run at a time, by the size of their bodies, so that they neither delay
 * other partners nor fill the isolate's memory. The partner's other requests wait in order of arrival.
 */
export const limitConcurrency = createMiddleware<AppEnv>(async (c, next) => {
  if (!configOf(c.env).hasRateLimits) return next();
  const { partner_id } = c.get("apiKey");
  const queue = queues.get(partner_id) ?? new Set();
  queues.set(partner_id, queue);
  const request: QueuedRequest = { bytes: bytesOf(c), startedAt: undefined, checkedAt: 0 };
  const ended = Promise.withResolvers<void>();
  try {
    await waitForTurn(queue, request);
    // Without `waitUntil`, the runtime drops the request when the client disconnects, and skips `finally`.
    c.executionCtx.waitUntil(ended.promise);
    await next();
  } finally {
    queue.delete(request);
    if (queue.size === 0) queues.delete(partner_id);
    ended.resolve();
  }
});

function bytesOf(c: Context<AppEnv>): number {
  if (c.req.raw.body === null) return MIN_REQUEST_BYTES;
  const length = Number(c.req.header("Content-Length") ?? MAX_RUNNING_BYTES);
  return Math.min(Math.max(MIN_REQUEST_BYTES, length), MAX_RUNNING_BYTES);
}

async function waitForTurn(queue: Set<QueuedRequest>, request: QueuedRequest): Promise<void> {
  const deadline = Date.now() + MAX_WAIT_MILLISECONDS;
  let place = placeInQueue(queue, request);
  const hasToWait = place > 0;
  if (place > MAX_WAITING)
    throw tooManyRequests(`${MAX_WAITING} requests of this partner are already waiting`);
  while (place > 0) {
    if (Date.now() > deadline) {
      throw tooManyRequests(
        `This request waited ${MAX_WAIT_MILLISECONDS} ms for the partner's other requests`,
      );
    }
    await scheduler.wait(Math.min(place * CHECK_MILLISECONDS, MAX_CHECK_MILLISECONDS));
    place = placeInQueue(queue, request);
  }
  request.startedAt = Date.now();
  if (hasToWait) await scheduler.wait(YIELD_MILLISECONDS);
}

/** The request's place among the waiting requests, starting at 1; 0 if it can run. */
function placeInQueue(queue: Set<QueuedRequest>, request: QueuedRequest): number {
  const now = Date.now();
  const awake = timeAwake(now);
  request.checkedAt = awake;
  queue.add(request);
  let free = MAX_RUNNING_BYTES - request.bytes;
  let place = 1;
  for (const each of queue) {
    if (each === request) break;
    const { startedAt } = each;
    const isWaiting = startedAt === undefined;
    const isGone = isWaiting
      ? each.checkedAt + CANCELLED_MILLISECONDS < awake
      : startedAt + MAX_RUN_MILLISECONDS < now;
    if (isGone) queue.delete(each);
    else if (isWaiting) place += 1;
    else free -= each.bytes;
  }
  return place === 1 && free >= 0 ? 0 : place;
}

function tooManyRequests(reason: string): ApiError {
  return new ApiError(
    {
      type: "RATE_LIMIT_ERROR",
      message: `${reason}. This request was not executed: send it again after 1 second.`,
    },
    { "Retry-After": "1" },
  );
}
