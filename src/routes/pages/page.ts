import type { Context } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { StatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../../http/context.ts";

/** Serves a built file of a page. Its ETag saves a second download. */
export async function serveAsset(c: Context<AppEnv>): Promise<Response> {
  const { body, status, headers } = await c.env.ASSETS.fetch(c.req.raw);
  return c.newResponse(body, status as StatusCode, Object.fromEntries(headers));
}

type Policy = NonNullable<
  NonNullable<Parameters<typeof secureHeaders>[0]>["contentSecurityPolicy"]
>;

/** A page's Content Security Policy: scripts and requests are limited to this server. `more` adds other sources. */
export const protectPage = (more: Policy) =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      ...more,
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  });

/** The key that a page starts with: the published key of the local seed, or none if this sandbox signs its keys. */
export function localKey(c: Context<AppEnv>): string {
  return c.env.KEY_SECRET ? "" : c.env.LOCAL_KEY;
}
