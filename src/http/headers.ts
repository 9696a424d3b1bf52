import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";

/**
 * What every answer of the API says to caches and browsers: keep nothing, and guess no content type. Over
 * HTTPS, come back over HTTPS. CORS is closed, as there are no headers for it: a key belongs on a server.
 */
export const protectAnswers = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  const { headers } = c.res;
  headers.set("Cache-Control", "no-store");
  headers.set("X-Content-Type-Options", "nosniff");
  if (c.req.url.startsWith("https:")) {
    headers.set("Strict-Transport-Security", "max-age=31536000");
  }
});
