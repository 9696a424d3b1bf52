import { createMiddleware } from "hono/factory";
import { Database } from "../store/database.ts";
import type { AppEnv } from "./context.ts";

/** Opens the connection to D1, which counts the request's cost. */
export const openDatabase = createMiddleware<AppEnv>(async (c, next) => {
  c.set("db", new Database(c.env.DB));
  await next();
});
