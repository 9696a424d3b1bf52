import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { configOf } from "../config.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError, notFound, unauthenticated } from "../http/errors.ts";
import { parseCredentials } from "./credentials.ts";

/** The period of OPERATOR_RATE_LIMIT in wrangler.toml. */
const PERIOD_SECONDS = 60;

/**
 * Requires the sandbox's ADMIN_TOKEN. If none is configured, the operator's paths don't exist (404). Only wrong tokens
 * count towards the limit of attempts, so the operator is never locked out.
 */
export const authenticateOperator = createMiddleware<AppEnv>(async (c, next) => {
  const { adminToken } = configOf(c.env);
  if (!adminToken) throw notFound(c.req.path);
  const sent = parseCredentials(c.req.header("Authorization"), "ADMIN_TOKEN");
  if (await isEqual(sent, adminToken)) return next();
  await limitAttempts(c);
  throw unauthenticated("The token is not this sandbox's ADMIN_TOKEN.");
});

async function limitAttempts(c: Context<AppEnv>): Promise<void> {
  if (!configOf(c.env).hasRateLimits) return;
  const key = c.req.header("CF-Connecting-IP") ?? "";
  const { success } = await c.env.OPERATOR_RATE_LIMIT.limit({ key });
  if (success) return;
  throw new ApiError(
    {
      type: "RATE_LIMIT_ERROR",
      message: `Too many wrong ADMIN_TOKENs from this address. Wait ${PERIOD_SECONDS} seconds, then send the right one.`,
    },
    { "Retry-After": String(PERIOD_SECONDS) },
  );
}

/** Compares digests, so that the time taken reveals neither the length nor the first difference of the texts. */
async function isEqual(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
  );
  return crypto.subtle.timingSafeEqual(a!, b!);
}
