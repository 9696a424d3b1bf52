import { createMiddleware } from "hono/factory";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { addRows } from "../http/workbench.ts";
import { logError } from "../log.ts";
import { Database } from "../store/database.ts";
import { markKeyUsed } from "../store/keys.ts";

const HOUR_MILLISECONDS = 3_600_000;
/** The rows of `markKeyUsed`. */
const ROWS = { rows_read: 1, rows_written: 1 };

/**
 * Stores the hour in which a key was used, after the response. The rows of this write count towards the partner's limit
 * of rows, but not towards the request's cost. A request beyond that limit is rejected by an earlier middleware.
 */
export const noteKeyUse = createMiddleware<AppEnv>(async (c, next) => {
  const now = Date.now();
  const key = c.get("apiKey");
  const isNoted =
    key.last_used_at !== null && now < Date.parse(key.last_used_at) + HOUR_MILLISECONDS;
  if (isNoted) return next();
  const hour = toTimestamp(new Date(now - (now % HOUR_MILLISECONDS)));
  // `key` is the cached key, so later requests in this hour write nothing.
  key.last_used_at = hour;
  addRows(c, ROWS);
  await next();
  c.executionCtx.waitUntil(
    markKeyUsed(new Database(c.env.DB), key, hour).catch((error) =>
      logError("key use not stored", error, { request_id: c.get("requestId") }),
    ),
  );
});
