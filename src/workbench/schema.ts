import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FaultMatch } from "../domain/fault-match.ts";
import type { FaultName } from "../domain/faults.ts";
import type { RequestSummary } from "../domain/requests.ts";

/** The faults that have applications left. */
export const faults = sqliteTable("faults", {
  sequence: integer().primaryKey({ autoIncrement: true }),
  id: text().notNull().unique(),
  fault: text().$type<FaultName>().notNull(),
  times: integer().notNull(),
  /** How many applications are left. */
  remaining: integer().notNull(),
  skip: integer().notNull(),
  /** How many matching requests still pass before the fault applies. */
  skip_remaining: integer().notNull(),
  delay_ms: integer().notNull(),
  match: text({ mode: "json" }).$type<FaultMatch>().notNull(),
  created_at: text().notNull(),
});

/**
 * The newest requests. No index: an index would slow every insert down, and a list reads at most ten thousand
 * short rows. `details` is long and comes last, so that reading the other columns doesn't touch its pages.
 */
export const requests = sqliteTable("requests", {
  /** Only grows, and is never reused. */
  sequence: integer().primaryKey(),
  /** In milliseconds since 1970. */
  at: integer().notNull(),
  bytes: integer().notNull(),
  request_id: text().notNull(),
  method: text().notNull(),
  path: text().notNull(),
  status: integer(),
  ms: integer().notNull(),
  order_id: text(),
  partner_order_id: text(),
  partner_event_id: text(),
  version_before: integer(),
  version_after: integer(),
  remarks: text({ mode: "json" }).$type<Remarks>().notNull(),
  /** `RequestDetails` as JSON. */
  details: text().notNull(),
});

/** Fields without a filter. */
type Remarks = Pick<RequestSummary, "error" | "fault" | "warnings">;
