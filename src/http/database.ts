import { createMiddleware } from "hono/factory";
import { Database } from "../store/database.ts";
import type { AppEnv } from "./context.ts";

/** Gives the request its way to D1, and says in the answer what the request has cost there. */
export const openDatabase = createMiddleware<AppEnv>(async (c, next) => {
  const db = new Database(c.env.DB);
  c.set("db", db);
  await next();
  const { queries, rows_read, rows_written } = db.cost;
  // On the response itself: through the context, Hono would make a new one for each header.
  c.res.headers.set(
    "Server-Timing",
    `d1;desc="queries=${queries} rows_read=${rows_read} rows_written=${rows_written}"`,
  );
});
