import type { Hono } from "hono";
import { METHOD_NAME_ALL } from "hono/router";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** Answers 405, with Allow, to every method that a path's routes don't have. Call it after all routes. */
export function refuseOtherMethods(app: Hono<AppEnv>): void {
  const routes = app.routes.filter(({ method }) => method !== METHOD_NAME_ALL);
  for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path)) {
    const methods = [...new Set(ofPath.map((route) => route.method))];
    const allow = methods
      .flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : method))
      .join(", ");
    app.all(path, (c) => {
      throw new ApiError(
        {
          type: "METHOD_NOT_ALLOWED_ERROR",
          message: `${c.req.method} is not a method of ${c.req.path}: it has ${allow}.`,
        },
        { Allow: allow },
      );
    });
  }
}
