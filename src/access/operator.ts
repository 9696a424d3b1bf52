import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../http/context.ts";
import { notFound, unauthenticated } from "../http/errors.ts";
import { parseCredentials } from "./authenticate.ts";

/**
 * Lets the operator of a sandbox through, who sends its ADMIN_TOKEN. Where none is configured the
 * routes are not there: 404.
 */
export const authenticateOperator = createMiddleware<AppEnv>(async (c, next) => {
  const configured = c.env.ADMIN_TOKEN;
  if (!configured) throw notFound(c.req.path);
  const sent = parseCredentials(c.req.header("Authorization"), "ADMIN_TOKEN");
  if (await isSame(sent, configured)) return next();
  throw unauthenticated("The token is not this sandbox's ADMIN_TOKEN.");
});

/** In a time that tells nothing of where two texts differ, nor of their lengths: their digests are compared. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
  );
  return crypto.subtle.timingSafeEqual(a!, b!);
}
