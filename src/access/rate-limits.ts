import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";

/** The period of the limit, as wrangler.toml has it: how long until there is room again for sure. */
const PERIOD_SECONDS = 10;

/** 429 to a partner that sends more than wrangler.toml allows, with whichever keys. Comes after authentication. */
export const limitRequestRate = createMiddleware<AppEnv>(async (c, next) => {
  if (c.env.RATE_LIMITS === "off") return next();
  const { success } = await c.env.PARTNER_RATE_LIMIT.limit({
    key: String(c.get("apiKey").partner_id),
  });
  if (success) return next();
  throw new ApiError(
    {
      type: "RATE_LIMIT_ERROR",
      message: `This partner sends more requests than it may: send this one again after ${PERIOD_SECONDS} seconds.`,
    },
    { "Retry-After": String(PERIOD_SECONDS) },
  );
});
