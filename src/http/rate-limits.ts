import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";
import { ExpiringMap } from "./expiring-map.ts";

/** The periods of the two limits, as wrangler.toml has them: how long until there is room again for sure. */
const KEY_PERIOD_SECONDS = 10;
const FAILURE_PERIOD_SECONDS = 60;

/** How many refused addresses an isolate remembers; beyond it the oldest is forgotten. */
const MAX_REFUSED = 10_000;

/** The addresses that failed too often. */
const refused = new ExpiringMap<true>(MAX_REFUSED, FAILURE_PERIOD_SECONDS);

/** 429 to a key that sends more than wrangler.toml allows it. Comes after authentication. */
export const limitKey = createMiddleware<AppEnv>(async (c, next) => {
  const { hash } = c.get("apiKey");
  if (!(await hasRoom(c, "KEY_RATE_LIMIT", hash))) {
    throw tooMany("This API key sends more requests than it may", KEY_PERIOD_SECONDS);
  }
  return next();
});

/**
 * Throws 429 to an address that has failed too often: before anything is looked up or compared for it, so
 * that guessing gets no answer and costs no query.
 */
export function requireFewFailures(c: Context<AppEnv>): void {
  if (refused.get(networkOf(c), Date.now())) throw tooManyFailures();
}

/** Authenticates a request, and counts it against its address where that fails with a 401. */
export async function countingFailures<T>(
  c: Context<AppEnv>,
  authenticate: () => Promise<T>,
): Promise<T> {
  try {
    return await authenticate();
  } catch (error) {
    const isFailure = error instanceof ApiError && error.body.type === "AUTHENTICATION_ERROR";
    if (isFailure) await countFailedAuthentication(c);
    throw error;
  }
}

/** Counts a failed authentication of the request's address. Throws 429 where there were too many. */
async function countFailedAuthentication(c: Context<AppEnv>): Promise<void> {
  requireFewFailures(c);
  const network = networkOf(c);
  if (await hasRoom(c, "FAILED_AUTHENTICATION_RATE_LIMIT", network)) return;
  refused.set(network, true, Date.now());
  throw tooManyFailures();
}

async function hasRoom(
  c: Context<AppEnv>,
  binding: "KEY_RATE_LIMIT" | "FAILED_AUTHENTICATION_RATE_LIMIT",
  key: string,
): Promise<boolean> {
  if (c.env.RATE_LIMITS === "off") return true;
  return (await c.env[binding].limit({ key })).success;
}

/** Where a request comes from: its IPv4 address, or the /64 of an IPv6 one, which is what one customer has. */
function networkOf(c: Context<AppEnv>): string {
  const address = c.req.header("CF-Connecting-IP") ?? "unknown";
  if (!address.includes(":")) return address;
  const [before, after = []] = address
    .split("::")
    .map((groups) => groups.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - before!.length - after.length }, () => "0");
  return [...before!, ...zeros, ...after].slice(0, 4).join(":");
}

function tooManyFailures(): ApiError {
  return tooMany(
    "Too many requests of your address came without a valid key",
    FAILURE_PERIOD_SECONDS,
  );
}

function tooMany(why: string, seconds: number): ApiError {
  return new ApiError(
    { type: "RATE_LIMIT_ERROR", message: `${why}: send it again after ${seconds} seconds.` },
    { "Retry-After": String(seconds) },
  );
}
