import { Hono } from "hono";
import type { AppEnv } from "../../http/context.ts";
import { guide } from "../../openapi/guide.ts";
import { CACHE_CONTROL, ORIGIN, withOrigin } from "../../openapi/origin.ts";

const text = withOrigin(guide(ORIGIN));

/** `/llms.txt`: describes the sandbox to coding agents (https://llmstxt.org). */
export const llms = new Hono<AppEnv>().get("/llms.txt", (c) => {
  c.header("Cache-Control", CACHE_CONTROL);
  return c.text(text(new URL(c.req.url).origin));
});
