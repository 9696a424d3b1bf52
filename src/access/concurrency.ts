import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { configOf } from "../config.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { MAX_BODY_BYTES, UPLOAD_SECONDS } from "../http/request-body.ts";

/** How much an isolate handles at a time for a partner: one body of the largest size, or several small ones. */
const MAX_RUNNING_BYTES = MAX_BODY_BYTES;
/** The least that a request counts for, so that at most eight run at a time. */
const MIN_REQUEST_BYTES = MAX_RUNNING_BYTES / 8;
/** The most requests of a partner that wait, and how long each does. */
const MAX_WAITING = 500;
const MAX_WAIT_MILLISECONDS = 30_000;
/** The runtime may end a request without running its `finally`: no request takes longer than this. */
const MAX_RUN_MILLISECONDS = UPLOAD_SECONDS * 1_000 + 30_000;

/**
 * The interval at which a waiting request checks its place, times the place: no request can wake another one,
 * which belongs to another invocation.
 */
const CHECK_MILLISECONDS = 5;
const MAX_CHECK_MILLISECONDS = 250;
/** A waiting request that has not checked its place for this long was cancelled by its client. */
const CANCELLED_MILLISECONDS = 1_000;
/**
 * How long a request that has waited yields before it starts. The runtime accepts connections only when it is
 * idle, which a queue that never pauses would prevent.
 */
const YIELD_MILLISECONDS = 1;

interface QueuedRequest {
  bytes: number;
  isRunning: boolean;
  /** When it last checked its place, or started to run. */
  seenAt: number;
}

/** The requests of each partner in this isolate, in order of arrival. */
const queues = new Map<number, Set<QueuedRequest>>();

/**
 * Limits how many requests of a partner run at a time, by the size of their bodies, so that they neither delay
 * other partners nor fill the isolate's memory. The others wait in order of arrival.
 */
export const limitConcurrency = createMiddleware<AppEnv>(async (c, next) => {
  if (!configOf(c.env).hasRateLimits) return next();
  const { partner_id } = c.get("apiKey");
  const queue = queues.get(partner_id) ?? new Set();
  queues.set(partner_id, queue);
  const request: QueuedRequest = { bytes: bytesOf(c), isRunning: false, seenAt: 0 };
  const ended = Promise.withResolvers<void>();
  try {
    await waitForTurn(queue, request);
    // Keeps the runtime from dropping the request, without its `finally`, when the client disconnects.
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
    throw tooManyRequests(`${MAX_WAITING} requests of this partner wait already`);
  while (place > 0) {
    if (Date.now() > deadline) {
      throw tooManyRequests(`The partner's other requests took ${MAX_WAIT_MILLISECONDS} ms`);
    }
    await scheduler.wait(Math.min(place * CHECK_MILLISECONDS, MAX_CHECK_MILLISECONDS));
    place = placeInQueue(queue, request);
  }
  request.isRunning = true;
  if (hasToWait) await scheduler.wait(YIELD_MILLISECONDS);
}

/** Its place among the waiting requests, from 1; 0 if it can run. */
function placeInQueue(queue: Set<QueuedRequest>, request: QueuedRequest): number {
  const now = Date.now();
  request.seenAt = now;
  queue.add(request);
  let free = MAX_RUNNING_BYTES - request.bytes;
  let place = 1;
  for (const each of queue) {
    if (each === request) break;
    const maxAge = each.isRunning ? MAX_RUN_MILLISECONDS : CANCELLED_MILLISECONDS;
    if (each.seenAt + maxAge < now) queue.delete(each);
    else if (each.isRunning) free -= each.bytes;
    else place += 1;
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
