import type { Context } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { StatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../../http/context.ts";

/** Answers a file of a page: as it was built, and with the ETag that saves a second download. */
export async function serveAsset(c: Context<AppEnv>): Promise<Response> {
  const { body, status, headers } = await c.env.ASSETS.fetch(c.req.raw);
  return c.newResponse(body, status as StatusCode, Object.fromEntries(headers));
}

type Policy = NonNullable<
  NonNullable<Parameters<typeof secureHeaders>[0]>["contentSecurityPolicy"]
>;

/** Lets a page run this server's scripts, ask this server, and else do what `more` says. */
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

/** The key that a page begins with: the local seed's, which everybody knows, where keys are unsigned; else none. */
export function localKey(c: Context<AppEnv>): string {
  return c.env.KEY_SECRET ? "" : c.env.LOCAL_KEY;
}
