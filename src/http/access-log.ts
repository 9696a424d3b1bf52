import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { log } from "../log.ts";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** Logs one line for each request: the partner, the route, the status, the duration and the cost in D1. */
export const logRequests = createMiddleware<AppEnv>(async (c, next) => {
  const start = performance.now();
  c.set("receivedAt", Date.now());
  await next();
  const fault = c.get("fault");
  log("request", {
    request_id: c.get("requestId"),
    partner_id: c.get("apiKey")?.partner_id,
    method: c.req.method,
    // The route's pattern, because a path contains a partner's IDs.
    route: routePath(c, -1),
    // A lost response has no status for the client.
    status: c.get("isResponseLost") ? null : c.res.status,
    ...(c.error instanceof ApiError && { error_type: c.error.body.type }),
    ...(fault && { fault: fault.fault, fault_id: fault.id }),
    ms: Math.round(performance.now() - start),
    // Undefined if an earlier middleware threw.
    ...c.get("db")?.cost,
  });
});
