import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { configOf } from "../config.ts";
import type { AppEnv } from "../http/context.ts";
import { MAX_BODY_BYTES } from "../http/request-body.ts";

/** How much an isolate takes on at once for a partner: the largest body, or some small ones. */
const MAX_BYTES_AT_ONCE = MAX_BODY_BYTES;
/** What a request counts for at least, so that no more than eight are done at once. */
const LEAST_BYTES = MAX_BYTES_AT_ONCE / 8;
/**
 * How long a request that has waited leaves its turn unused. The runtime looks for what has arrived only when
 * it has nothing else to do, and a line whose requests follow each other at once would keep it from that.
 */
const REST_MILLISECONDS = 1;
/** When a request no longer counts that nobody has heard of: where its client is gone, it may have ended unseen. */
const LOST_MILLISECONDS = 1_000;
/** How long a request in line waits before it looks again, for each place: the first one looks most often. */
const LOOK_MILLISECONDS = 5;
const MAX_LOOK_MILLISECONDS = LOST_MILLISECONDS / 4;

/** A request that is being done, or waits in line. */
interface Turn {
  bytes: number;
  isRunning: boolean;
  seenAt: number;
}

/** Of each partner, its requests in this isolate, in the order of their arrival. */
const lines = new Map<number, Set<Turn>>();

/**
 * Lets a partner's requests wait for each other where they are many or large: so that another partner's don't
 * wait for all of them, and so that their bodies don't fill an isolate's memory. Not where limits are off.
 * Comes after the faults, which can make a request last long.
 */
export const limitConcurrency = createMiddleware<AppEnv>(async (c, next) => {
  if (!configOf(c.env).hasRateLimits) return next();
  const { partner_id } = c.get("apiKey");
  const turn: Turn = { bytes: bytesOf(c), isRunning: false, seenAt: 0 };
  const line = lines.get(partner_id) ?? new Set();
  lines.set(partner_id, line);
  await waitInLine(line, turn);
  try {
    await next();
  } finally {
    line.delete(turn);
    if (line.size === 0) lines.delete(partner_id);
  }
});

function bytesOf(c: Context<AppEnv>): number {
  if (c.req.raw.body === null) return LEAST_BYTES;
  const length = Number(c.req.header("Content-Length") ?? MAX_BYTES_AT_ONCE);
  return Math.min(Math.max(LEAST_BYTES, length), MAX_BYTES_AT_ONCE);
}

async function waitInLine(line: Set<Turn>, turn: Turn): Promise<void> {
  let place = placeInLine(line, turn);
  const hasToWait = place > 0;
  while (place > 0) {
    // Nobody tells it: a request whose client is gone may end without a word.
    await scheduler.wait(Math.min(place * LOOK_MILLISECONDS, MAX_LOOK_MILLISECONDS));
    place = placeInLine(line, turn);
  }
  turn.isRunning = true;
  if (hasToWait) await scheduler.wait(REST_MILLISECONDS);
}

/** Its place among those that wait, from 1; 0 where it can be done now, as it is the first and there is room. */
function placeInLine(line: Set<Turn>, turn: Turn): number {
  turn.seenAt = Date.now();
  line.add(turn);
  let free = MAX_BYTES_AT_ONCE - turn.bytes;
  let place = 1;
  for (const each of line) {
    if (each === turn) break;
    if (each.seenAt + LOST_MILLISECONDS < turn.seenAt) line.delete(each);
    else if (each.isRunning) free -= each.bytes;
    else place += 1;
  }
  return place === 1 && free >= 0 ? 0 : place;
}
