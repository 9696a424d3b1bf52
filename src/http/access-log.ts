import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { log } from "../log.ts";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** One line for each request: who asked what, how it was answered, how long it took and what it cost in D1. */
export const logRequests = createMiddleware<AppEnv>(async (c, next) => {
  const start = performance.now();
  c.set("receivedAt", Date.now());
  await next();
  const fault = c.get("fault");
  log("request", {
    request_id: c.get("requestId"),
    partner_id: c.get("apiKey")?.partner_id,
    method: c.req.method,
    // The pattern: a path has a partner's ids in it.
    route: routePath(c, -1),
    // No status reaches the client.
    status: c.get("isResponseLost") ? null : c.res.status,
    ...(c.error instanceof ApiError && { error_type: c.error.body.type }),
    ...(fault && { fault: fault.fault, fault_id: fault.id }),
    ms: Math.round(performance.now() - start),
    // Not there where D1 could not even be asked.
    ...c.get("db")?.cost,
  });
});
