import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FaultMatch } from "../domain/fault-match.ts";
import type { FaultName } from "../domain/faults.ts";
import type { RequestSummary } from "../domain/requests.ts";

/** The faults that are still to act, of the one dataset that the workbench is in. */
export const faults = sqliteTable("faults", {
  /** Counts the faults, the oldest first. */
  sequence: integer().primaryKey({ autoIncrement: true }),
  id: text().notNull().unique(),
  fault: text().$type<FaultName>().notNull(),
  times: integer().notNull(),
  /** How often it will still act. */
  remaining: integer().notNull(),
  skip: integer().notNull(),
  /** How many matching requests it will still let through. */
  skip_remaining: integer().notNull(),
  delay_ms: integer().notNull(),
  match: text({ mode: "json" }).$type<FaultMatch>().notNull(),
  created_at: text().notNull(),
});

/**
 * The last requests. Without an index: writing one would cost each request, and a list reads ten thousand rows
 * at most. So the details, which are long, come last: who looks for a request doesn't read them.
 */
export const requests = sqliteTable("requests", {
  /** Only grows, and is never used again: see `Requests`. */
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
  remarks: text({ mode: "json" }).$type<Remarks>().notNull(),
  /** RequestDetails, as JSON. */
  details: text().notNull(),
});

/** What nobody filters by. */
type Remarks = Pick<RequestSummary, "error" | "fault" | "warnings">;

/** Every table of the workbench: what isn't here is not made. */
export const TABLES = [faults, requests];
