import { createMiddleware } from "hono/factory";
import { BOOKMARK_PATTERN } from "../schemas/headers.ts";
import { Database } from "../store/database.ts";
import type { AppEnv } from "./context.ts";

/**
 * Opens a session with D1 for the request: from the X-D1-Bookmark that it sends, where there is one. The
 * response says what the request has cost in D1, and returns the bookmark to read one's own writes by.
 */
export const openDatabase = createMiddleware<AppEnv>(async (c, next) => {
  // A write is decided on the newest state, whatever its sender has seen.
  const sent = (c.req.method === "GET" && c.req.header("X-D1-Bookmark")) || "";
  // The route refuses one that is none; until then the newest state does no harm.
  const db = new Database(c.env.DB, BOOKMARK_PATTERN.test(sent) ? sent : undefined);
  c.set("db", db);
  await next();
  const { queries, rows_read, rows_written } = db.cost;
  // On the response itself: through the context, Hono would make a new one for each header.
  const { headers } = c.res;
  headers.set(
    "Server-Timing",
    `d1;desc="queries=${queries} rows_read=${rows_read} rows_written=${rows_written}"`,
  );
  const bookmark = db.bookmark;
  if (bookmark) headers.set("X-D1-Bookmark", bookmark);
});
