import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { StoredFault } from "../domain/faults.ts";
import type { RequestSummary, RequestTrace } from "../domain/requests.ts";

/** The faults as they were added. Those that are used up are deleted when the next one is added. */
export const faults = sqliteTable("faults", {
  sequence: integer().primaryKey({ autoIncrement: true }),
  id: text().notNull().unique(),
  fault: text({ mode: "json" }).$type<StoredFault>().notNull(),
});

export interface FaultCount {
  /** How many more requests or notifications the fault applies to. */
  remaining: number;
  /** How many more matching requests or notifications it lets through first. */
  skip_remaining: number;
}

/** A single row with the counts of all faults, by their sequence. */
export const faultCounts = sqliteTable("fault_counts", {
  id: integer().primaryKey(),
  counts: text({ mode: "json" }).$type<Record<number, FaultCount>>().notNull(),
});

/**
 * The newest requests. They have no index: it would slow down every insert, and a list reads at most ten thousand short
 * rows.
 */
export const requests = sqliteTable("requests", {
  /** Only grows, and is never reused. */
  sequence: integer().primaryKey(),
  /** In milliseconds since 1970. */
  at: integer().notNull(),
  /** The size of the request, including its details. */
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
  /** Only for the readiness checks. */
  trace: text({ mode: "json" }).$type<RequestTrace>().notNull(),
});

/** The fields that lists can't filter by. */
type Remarks = Pick<RequestSummary, "error" | "fault" | "warnings" | "content" | "replayed">;

/**
 * The long part of a request. It has its own table, because counting ten thousand requests would otherwise read tens
 * of megabytes.
 */
export const requestDetails = sqliteTable("request_details", {
  sequence: integer().primaryKey(),
  /** `RequestDetails` as JSON. */
  details: text().notNull(),
});
