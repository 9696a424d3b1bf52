import {
  asc,
  count,
  getTableColumns,
  lte,
  max,
  min,
  notInArray,
  sql,
  sum,
  type Placeholder,
} from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import {
  MAX_RECORDED_REQUESTS,
  recordedBytesOf,
  REQUEST_DAYS,
  type NewRequest,
} from "../domain/requests.ts";
import { DAY_MILLISECONDS } from "../domain/timestamp.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { requestDetails, requests } from "./schema.ts";

/** The totals of the stored requests, cached so that no insert has to count. */
export interface RequestTotals {
  rows: number;
  bytes: number;
  /** The sequence of the newest request. */
  last: number;
}

export function readTotals(database: WorkbenchDatabase): RequestTotals {
  const totals = database
    .select({ rows: count(), bytes: sum(requests.bytes), last: max(requests.sequence) })
    .from(requests)
    .get();
  return {
    rows: totals?.rows ?? 0,
    bytes: Number(totals?.bytes ?? 0),
    last: totals?.last ?? 0,
  };
}

const placeholdersFor = <Table extends SQLiteTable>(table: Table) =>
  Object.fromEntries(
    Object.keys(getTableColumns(table)).map((name) => [name, sql.placeholder(name)]),
  ) as Record<keyof Table["$inferSelect"], Placeholder>;

/**
 * Stores requests, and adds them to the totals. A sequence starts with the time, so that sequences grow even after all
 * rows were deleted.
 */
export function insertRequests(
  database: WorkbenchDatabase,
  totals: RequestTotals,
  items: NewRequest[],
  now: number,
): void {
  // A prepared statement for each row is faster than one statement that reads all rows out of JSON.
  const insert = database.insert(requests).values(placeholdersFor(requests)).prepare();
  const insertDetails = database
    .insert(requestDetails)
    .values(placeholdersFor(requestDetails))
    .prepare();
  for (const request of items) {
    const { at, error, fault, warnings, content, replayed, details, ...item } = request;
    totals.last = Math.max(now * 1_000, totals.last + 1);
    const sequence = totals.last;
    const remarks = { error, fault, warnings, content, replayed };
    const bytes = recordedBytesOf(request);
    insert.run({ ...item, sequence, at: Date.parse(at), bytes, remarks });
    insertDetails.run({ sequence, details });
    totals.rows += 1;
    totals.bytes += bytes;
  }
}

/** How many of the oldest rows one step reads. */
const STEP_ROWS = 100;

/** Deletes the oldest requests beyond the limits. */
export function deleteSurplus(
  database: WorkbenchDatabase,
  totals: RequestTotals,
  maxBytes: number,
): void {
  const isSurplus = () => totals.rows > MAX_RECORDED_REQUESTS || totals.bytes > maxBytes;
  while (isSurplus()) {
    const oldest = database
      .select({ sequence: requests.sequence, bytes: requests.bytes })
      .from(requests)
      .orderBy(asc(requests.sequence))
      .limit(STEP_ROWS)
      .all();
    let last: number | undefined;
    for (const { sequence, bytes } of oldest) {
      if (!isSurplus()) break;
      last = sequence;
      totals.rows -= 1;
      totals.bytes -= bytes;
    }
    if (last === undefined) return;
    database.delete(requests).where(lte(requests.sequence, last)).run();
    database.delete(requestDetails).where(lte(requestDetails.sequence, last)).run();
  }
}

/** Deletes expired requests. Returns when the oldest remaining one expires; undefined if none remains. */
export function deleteExpired(database: WorkbenchDatabase, now: number): number | undefined {
  const lifetime = REQUEST_DAYS * DAY_MILLISECONDS;
  database
    .delete(requests)
    .where(lte(requests.at, now - lifetime))
    .run();
  const left = database.select({ sequence: requests.sequence }).from(requests);
  database.delete(requestDetails).where(notInArray(requestDetails.sequence, left)).run();
  const oldest = database
    .select({ at: min(requests.at) })
    .from(requests)
    .get()?.at;
  return oldest == null ? undefined : oldest + lifetime;
}
