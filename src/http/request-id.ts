import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";

const WELL_FORMED = /^[\w=-]{1,255}$/;

/**
 * Uses the client's `X-Request-Id` if it is well-formed, and otherwise generates an ID. Hono's own middleware would set
 * the header before the route runs, and Hono would then build each response twice.
 */
export const identifyRequest = createMiddleware<AppEnv>(async (c, next) => {
  const sent = c.req.header("X-Request-Id");
  c.set("requestId", sent !== undefined && WELL_FORMED.test(sent) ? sent : crypto.randomUUID());
  await next();
});
