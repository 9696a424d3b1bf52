import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** The periods of the two limits, as wrangler.toml has them: how long until there is room again for sure. */
const KEY_PERIOD_SECONDS = 10;
const FAILURE_PERIOD_SECONDS = 60;

/** 429 to a key that sends more than wrangler.toml allows it. Comes after authentication. */
export const limitKey = createMiddleware<AppEnv>(async (c, next) => {
  const { hash } = c.get("apiKey");
  if (!(await hasRoom(c, "KEY_RATE_LIMIT", hash))) {
    throw tooMany("This API key sends more requests than it may", KEY_PERIOD_SECONDS);
  }
  return next();
});

/** Counts a failed authentication of the request's address. Throws 429 where there were too many. */
export async function countFailedAuthentication(c: Context<AppEnv>): Promise<void> {
  const address = c.req.header("CF-Connecting-IP") ?? "unknown";
  if (!(await hasRoom(c, "FAILED_AUTHENTICATION_RATE_LIMIT", address))) {
    throw tooMany(
      "Too many requests of your address came without a valid key",
      FAILURE_PERIOD_SECONDS,
    );
  }
}

async function hasRoom(
  c: Context<AppEnv>,
  binding: "KEY_RATE_LIMIT" | "FAILED_AUTHENTICATION_RATE_LIMIT",
  key: string,
): Promise<boolean> {
  if (c.env.RATE_LIMITS === "off") return true;
  return (await c.env[binding].limit({ key })).success;
}

function tooMany(why: string, seconds: number): ApiError {
  return new ApiError(
    { type: "RATE_LIMIT_ERROR", message: `${why}: send it again after ${seconds} seconds.` },
    { "Retry-After": String(seconds) },
  );
}
