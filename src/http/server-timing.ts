import { createMiddleware } from "hono/factory";
import { noCost, openDatabase } from "../store/database.ts";
import type { AppEnv } from "./context.ts";

/** Opens D1 for the request, and says on the response what the request has cost there. */
export const meterD1 = createMiddleware<AppEnv>(async (c, next) => {
  const cost = noCost();
  c.set("cost", cost);
  c.set("db", openDatabase(c.env.DB, cost));
  await next();
  const { queries, rows_read, rows_written } = cost;
  c.header(
    "Server-Timing",
    `d1;desc="queries=${queries} rows_read=${rows_read} rows_written=${rows_written}"`,
  );
});
