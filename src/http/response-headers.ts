import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { HeaderOfEveryResponse } from "../schemas/response-headers.ts";
import type { AppEnv } from "./context.ts";

/** The headers of every response: exactly those that schemas/response-headers.ts describes, or it does not compile. */
const EVERY_RESPONSE: Record<HeaderOfEveryResponse, (c: Context<AppEnv>) => string> = {
  "X-Request-Id": (c) => c.get("requestId"),
  "Server-Timing": (c) => {
    const { queries, rows_read, rows_written } = c.get("db").cost;
    return `d1;desc="queries=${queries} rows_read=${rows_read} rows_written=${rows_written}"`;
  },
};

const SETTERS = Object.entries(EVERY_RESPONSE);

export const setHeadersOfEveryResponse = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  // `c.header` would copy the whole response for each header.
  for (const [name, content] of SETTERS) c.res.headers.set(name, content(c));
});

/**
 * Sets the security headers of the API: no caching, no MIME sniffing, and only HTTPS once it was used. CORS headers are
 * left out on purpose, so that no other site's pages can read a response.
 */
export const setSecurityHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  const { headers } = c.res;
  headers.set("Cache-Control", "no-store");
  headers.set("X-Content-Type-Options", "nosniff");
  if (c.req.url.startsWith("https:")) {
    headers.set("Strict-Transport-Security", "max-age=31536000");
  }
});
