import { Hono } from "hono";
import type { AppEnv } from "../../http/context.ts";
import { guide } from "../../openapi/guide.ts";

/** `/llms.txt`: describes the sandbox to coding agents (https://llmstxt.org). */
export const llms = new Hono<AppEnv>().get("/llms.txt", (c) =>
  c.text(guide(new URL(c.req.url).origin)),
);
