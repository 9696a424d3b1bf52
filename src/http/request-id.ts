import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";

const WELL_FORMED = /^[\w=-]{1,255}$/;

/**
 * Takes the client's `X-Request-Id` if it is well-formed, and otherwise generates an ID. Hono's own middleware also
 * sets the header in advance, which makes Hono build each response twice.
 */
export const identifyRequest = createMiddleware<AppEnv>(async (c, next) => {
  const sent = c.req.header("X-Request-Id");
  c.set("requestId", sent !== undefined && WELL_FORMED.test(sent) ? sent : crypto.randomUUID());
  await next();
});
