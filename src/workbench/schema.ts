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
 * short rows.
 */
export const requests = sqliteTable("requests", {
  /** Only grows, and is never reused. */
  sequence: integer().primaryKey(),
  /** In milliseconds since 1970. */
  at: integer().notNull(),
  /** What the request takes, with its details. */
  bytes: integer().notNull(),
  request_id: text().notNull(),
  method: text().notNull(),
  path: text().notNull(),
  status: integer(),
  ms: integer().notNull(),
  order_id: text(),
  partner_order_id: text(),
  order_event_id: text(),
  partner_event_id: text(),
  network_transaction_id: text(),
  version_before: integer(),
  version_after: integer(),
  remarks: text({ mode: "json" }).$type<Remarks>().notNull(),
});

/** Fields without a filter. */
type Remarks = Pick<RequestSummary, "error" | "fault" | "warnings" | "content" | "replayed">;

/**
 * The long part of a request, in a table of its own: in one table, counting ten thousand requests reads tens of
 * megabytes of pages.
 */
export const requestDetails = sqliteTable("request_details", {
  sequence: integer().primaryKey(),
  /** `RequestDetails` as JSON. */
  details: text().notNull(),
});
