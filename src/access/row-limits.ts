import { createMiddleware } from "hono/factory";
import { configOf } from "../config.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";

const DAY_SECONDS = 86_400;
/** The part of a day's rows that a partner can use at a time. */
const BURST = 1 / 4;
/** The rows that a workbench writes to record a request under /v2, and to delete it later. */
const RECORDED_ROWS = 4;

type RowKind = "rows_read" | "rows_written";
const VERBS: Record<RowKind, string> = { rows_read: "read", rows_written: "wrote" };
const KINDS = Object.keys(VERBS) as RowKind[];

interface UsedRows extends Record<RowKind, number> {
  /** When the counts were last reduced, in milliseconds since 1970. */
  countedAt: number;
}

/** The rows that each partner has used in this isolate. The counts fall as time passes, down to 0. */
const usedRows = new Map<number, UsedRows>();

/**
 * Limits the rows that a partner's requests read and write in a day, in D1 and in workbenches. Rows are most of the
 * cost. The limit is a leaky bucket: it drains steadily, at the rate of the day's rows, and holds a quarter of them.
 * The request log leaves out a rejected request.
 */
export const limitRows = createMiddleware<AppEnv>(async (c, next) => {
  const { hasRateLimits, rowsPerDay } = configOf(c.env);
  if (!hasRateLimits) return next();
  const { partner_id } = c.get("apiKey");
  const used = drain(partner_id, rowsPerDay);
  for (const kind of KINDS) {
    const excess = used[kind] - rowsPerDay[kind] * BURST;
    if (excess < 0) continue;
    c.set("isUnrecorded", true);
    throw tooManyRows(kind, used[kind], excess, rowsPerDay[kind]);
  }
  try {
    await next();
  } finally {
    const uncosted = c.get("uncostedRows");
    for (const kind of KINDS) used[kind] += c.get("db").cost[kind] + (uncosted?.[kind] ?? 0);
    if (c.req.path.startsWith("/v2/")) used.rows_written += RECORDED_ROWS;
  }
});

/** Drains a partner's used rows for the time since the last request. */
function drain(partner_id: number, rowsPerDay: Record<RowKind, number>): UsedRows {
  const now = Date.now();
  const used = usedRows.get(partner_id) ?? { rows_read: 0, rows_written: 0, countedAt: now };
  usedRows.set(partner_id, used);
  const days = (now - used.countedAt) / (DAY_SECONDS * 1_000);
  for (const kind of KINDS) used[kind] = Math.max(0, used[kind] - days * rowsPerDay[kind]);
  used.countedAt = now;
  return used;
}

function tooManyRows(kind: RowKind, used: number, excess: number, perDay: number): ApiError {
  const seconds = Math.max(1, Math.ceil((excess / perDay) * DAY_SECONDS));
  return new ApiError(
    {
      type: "RATE_LIMIT_ERROR",
      message: `This partner's requests ${VERBS[kind]} ${Math.round(used)} database rows of an allowance of ${perDay * BURST}, which refills at ${perDay} rows a day. This request was not executed: send it again after ${seconds} seconds.`,
    },
    { "Retry-After": String(seconds) },
  );
}
