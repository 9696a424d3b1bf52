import { and, asc, desc, eq, gt, gte, lt, lte, ne, sql, type SQL } from "drizzle-orm";
import { withoutNulls, type WithoutNulls } from "../domain/complete.ts";
import {
  DAY_MILLISECONDS,
  MAX_REQUEST_BYTES,
  MAX_REQUESTS,
  REQUEST_DAYS,
  type NewRequest,
  type RequestDetails,
  type RequestFilter,
  type RequestSummary,
} from "../domain/requests.ts";
import { pageOf, type Page, type PageRequest } from "../store/pages.ts";
import { requests } from "./schema.ts";
import type { WorkbenchDatabase } from "./tables.ts";

/**
 * A recorded request, as it is answered: without what it lacks. Its id is ours, and only grows, so it says
 * where a list or a stream goes on.
 */
export interface RecordedRequest extends WithoutNulls<Omit<RequestSummary, "status">> {
  id: string;
  status: number | null;
}

const summary = {
  sequence: requests.sequence,
  at: requests.at,
  request_id: requests.request_id,
  method: requests.method,
  path: requests.path,
  status: requests.status,
  ms: requests.ms,
  order_id: requests.order_id,
  partner_order_id: requests.partner_order_id,
  partner_event_id: requests.partner_event_id,
  remarks: requests.remarks,
};
type Row = Omit<typeof requests.$inferSelect, "bytes" | "details">;

function recorded({ sequence, at, status, remarks, ...row }: Row): RecordedRequest {
  const { request_id, method, path, ms, ...subject } = row;
  return {
    id: String(sequence),
    request_id,
    at: new Date(at).toISOString(),
    method,
    path,
    status,
    ms,
    ...withoutNulls({ ...subject, ...remarks }),
  };
}

const encoder = new TextEncoder();

/** How much the requests of one dataset take, so that no row has to be read in order to know. */
export class RequestUsage {
  rows: number;
  bytes: number;
  /** The sequence of the newest. */
  last: number;

  constructor(database: WorkbenchDatabase) {
    const [stored] = database
      .select({
        rows: sql<number>`count(*)`,
        bytes: sql<number>`coalesce(sum(${requests.bytes}), 0)`,
        last: sql<number>`coalesce(max(${requests.sequence}), 0)`,
      })
      .from(requests)
      .all();
    this.rows = stored!.rows;
    this.bytes = stored!.bytes;
    this.last = stored!.last;
  }
}

/**
 * Stores requests, and deletes the oldest of those that are too many or too large. Their sequence begins with
 * the time, so that it goes on growing when everything was deleted meanwhile.
 */
export function insertRequests(
  database: WorkbenchDatabase,
  usage: RequestUsage,
  items: NewRequest[],
  now: number,
): void {
  // Built once for all of them. One statement for all, which would read them out of JSON, takes longer.
  const insert = database
    .insert(requests)
    .values({
      sequence: sql.placeholder("sequence"),
      at: sql.placeholder("at"),
      bytes: sql.placeholder("bytes"),
      request_id: sql.placeholder("request_id"),
      method: sql.placeholder("method"),
      path: sql.placeholder("path"),
      status: sql.placeholder("status"),
      ms: sql.placeholder("ms"),
      order_id: sql.placeholder("order_id"),
      partner_order_id: sql.placeholder("partner_order_id"),
      partner_event_id: sql.placeholder("partner_event_id"),
      remarks: sql.placeholder("remarks"),
      details: sql.placeholder("details"),
    })
    .prepare();
  for (const { at, error, fault, warnings, ...item } of items) {
    usage.last = Math.max(now * 1_000, usage.last + 1);
    const bytes = encoder.encode(item.details).length + item.path.length;
    const remarks = { error, fault, warnings };
    insert.run({ ...item, sequence: usage.last, at: Date.parse(at), bytes, remarks });
    usage.rows += 1;
    usage.bytes += bytes;
  }
  deleteSurplus(database, usage);
}

/** How many rows are looked at in one step, when the oldest have to go. */
const STEP_ROWS = 100;

function deleteSurplus(database: WorkbenchDatabase, usage: RequestUsage): void {
  while (usage.rows > MAX_REQUESTS || usage.bytes > MAX_REQUEST_BYTES) {
    const oldest = database
      .select({ sequence: requests.sequence, bytes: requests.bytes })
      .from(requests)
      .orderBy(asc(requests.sequence))
      .limit(STEP_ROWS)
      .all();
    let last: number | undefined;
    for (const { sequence, bytes } of oldest) {
      if (usage.rows <= MAX_REQUESTS && usage.bytes <= MAX_REQUEST_BYTES) break;
      last = sequence;
      usage.rows -= 1;
      usage.bytes -= bytes;
    }
    if (last === undefined) return;
    database.delete(requests).where(lte(requests.sequence, last)).run();
  }
}

/** Deletes what is too old, and answers when the oldest that is left will be: undefined where nothing is. */
export function deleteOld(database: WorkbenchDatabase, now: number): number | undefined {
  const kept = REQUEST_DAYS * DAY_MILLISECONDS;
  database
    .delete(requests)
    .where(lte(requests.at, now - kept))
    .run();
  const [row] = database
    .select({ oldest: sql<number | null>`min(${requests.at})` })
    .from(requests)
    .all();
  return row?.oldest == null ? undefined : row.oldest + kept;
}

/** A page of requests, newest first; undefined where the cursor is none of them. */
export function selectPage(
  database: WorkbenchDatabase,
  filter: RequestFilter,
  { limit, starting_after }: PageRequest,
): Page<RecordedRequest> | undefined {
  const matching = conditionOf(filter);
  const before = starting_after === undefined ? undefined : Number(starting_after);
  if (before !== undefined && !isThere(database, before)) return undefined;
  const rows = database
    .select(summary)
    .from(requests)
    .where(and(matching, before === undefined ? undefined : lt(requests.sequence, before)))
    .orderBy(desc(requests.sequence))
    .limit(limit + 1)
    .all();
  const [counted] = database
    .select({ total: sql<number>`count(*)` })
    .from(requests)
    .where(matching)
    .all();
  return pageOf(rows.map(recorded), limit, counted!.total);
}

const isThere = (database: WorkbenchDatabase, sequence: number): boolean =>
  database
    .select({ sequence: requests.sequence })
    .from(requests)
    .where(eq(requests.sequence, sequence))
    .all().length > 0;

/** What came after a request that the filter asks for, oldest first. */
export function selectAfter(
  database: WorkbenchDatabase,
  filter: RequestFilter,
  after: number,
  limit: number,
): RecordedRequest[] {
  return database
    .select(summary)
    .from(requests)
    .where(and(gt(requests.sequence, after), conditionOf(filter)))
    .orderBy(asc(requests.sequence))
    .limit(limit)
    .all()
    .map(recorded);
}

/** All of a request. */
export function selectRequest(
  database: WorkbenchDatabase,
  id: string,
): (RecordedRequest & RequestDetails) | undefined {
  const [row] = database
    .select({ ...summary, details: requests.details })
    .from(requests)
    .where(eq(requests.sequence, Number(id)))
    .all();
  if (!row) return undefined;
  const { details, ...rest } = row;
  return { ...recorded(rest), ...(JSON.parse(details) as RequestDetails) };
}

/** A request with the versions of its order, before and after. */
export interface OrderRequest extends RecordedRequest {
  version_before: number | null;
  version_after: number | null;
}

/** How many requests of an order are read at once: with their details, which can be long. */
const MAX_OF_ORDER = 1_000;

/** What was written to an order, or tried: the newest MAX_OF_ORDER, oldest first. */
export function selectOfOrder(database: WorkbenchDatabase, orderId: string): OrderRequest[] {
  return database
    .select({ ...summary, details: requests.details })
    .from(requests)
    .where(and(eq(requests.order_id, orderId), ne(requests.method, "GET")))
    .orderBy(desc(requests.sequence))
    .limit(MAX_OF_ORDER)
    .all()
    .toReversed()
    .map(ofOrder);
}

function ofOrder({ details, ...row }: Row & { details: string }): OrderRequest {
  const { version_before, version_after } = JSON.parse(details) as RequestDetails;
  return { ...recorded(row), version_before, version_after };
}

function conditionOf(filter: RequestFilter): SQL | undefined {
  const { method, path, status, order_id, partner_order_id, partner_event_id } = filter;
  const { request_id, since } = filter;
  return and(
    method === undefined ? undefined : eq(requests.method, method.toUpperCase()),
    path === undefined ? undefined : pathCondition(path),
    status === undefined ? undefined : statusCondition(status),
    order_id === undefined ? undefined : eq(requests.order_id, order_id),
    partner_order_id === undefined ? undefined : eq(requests.partner_order_id, partner_order_id),
    partner_event_id === undefined ? undefined : eq(requests.partner_event_id, partner_event_id),
    request_id === undefined ? undefined : eq(requests.request_id, request_id),
    since === undefined ? undefined : gte(requests.at, Date.parse(since)),
  );
}

function pathCondition(path: string): SQL {
  if (!path.endsWith("*")) return eq(requests.path, path);
  const start = path.slice(0, -1);
  return sql`substr(${requests.path}, 1, length(${start})) = ${start}`;
}

function statusCondition(status: string): SQL | undefined {
  if (!status.endsWith("xx")) return eq(requests.status, Number(status));
  const least = Number(status[0]) * 100;
  return and(gte(requests.status, least), lt(requests.status, least + 100));
}
