import { createMiddleware } from "hono/factory";
import { configOf } from "../config.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";

/** The period of PARTNER_RATE_LIMIT in wrangler.toml. */
const PERIOD_SECONDS = 10;

/** Throws a 429 if the partner's requests, with all of its keys, exceed the limit in wrangler.toml. */
export const limitRequestRate = createMiddleware<AppEnv>(async (c, next) => {
  if (!configOf(c.env).hasRateLimits) return next();
  const { success } = await c.env.PARTNER_RATE_LIMIT.limit({
    key: String(c.get("apiKey").partner_id),
  });
  if (success) return next();
  throw new ApiError(
    {
      type: "RATE_LIMIT_ERROR",
      message: `This partner exceeded its rate limit. Send this request again after ${PERIOD_SECONDS} seconds.`,
    },
    { "Retry-After": String(PERIOD_SECONDS) },
  );
});
