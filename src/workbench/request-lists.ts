import { and, asc, count, desc, eq, getTableColumns, gt, lt, ne } from "drizzle-orm";
import { withoutNulls, type WithoutNulls } from "../domain/complete.ts";
import type {
  RecordedVersions,
  RequestDetails,
  RequestFilter,
  RequestSummary,
} from "../domain/requests.ts";
import { untilTooLong } from "../domain/stored-bytes.ts";
import type { PastRequest } from "../domain/timeline.ts";
import { pageOf, type Page, type PageRequest } from "../store/pages.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { readInSteps } from "./read-in-steps.ts";
import { conditionOf } from "./request-filter.ts";
import { requestDetails, requests } from "./schema.ts";

/** A recorded request, without its null fields. Lists and streams use its ID, which only grows, as their cursor. */
export interface RecordedRequest extends WithoutNulls<Omit<RequestSummary, "status">> {
  id: string;
  status: number | null;
}

const { bytes: _bytes, trace: _trace, ...summaryAndVersions } = getTableColumns(requests);
const { version_before: _before, version_after: _after, ...summary } = summaryAndVersions;
type Row = Omit<typeof requests.$inferSelect, "bytes" | "trace" | keyof RecordedVersions>;

function toRecordedRequest({ sequence, at, status, remarks, ...row }: Row): RecordedRequest {
  const { request_id, method, path, ms, ...ids } = row;
  return {
    id: String(sequence),
    request_id,
    at: new Date(at).toISOString(),
    method,
    path,
    status,
    ms,
    ...withoutNulls({ ...ids, ...remarks }),
  };
}

/** A page of requests, newest first; undefined for an unknown cursor. */
export function listRequests(
  database: WorkbenchDatabase,
  filter: RequestFilter,
  { limit, starting_after }: PageRequest,
): Page<RecordedRequest> | undefined {
  const matching = conditionOf(filter);
  const before = starting_after === undefined ? undefined : Number(starting_after);
  if (before !== undefined && !exists(database, before)) return undefined;
  const rows = readInSteps<Row>(limit + 1, (last, step) =>
    database
      .select(summary)
      .from(requests)
      .where(and(matching, isBefore(last?.sequence ?? before)))
      .orderBy(desc(requests.sequence))
      .limit(step)
      .all(),
  );
  const counted = database.select({ total: count() }).from(requests).where(matching).get();
  return pageOf(rows.map(toRecordedRequest), limit, counted?.total ?? 0);
}

const isBefore = (sequence: number | undefined) =>
  sequence === undefined ? undefined : lt(requests.sequence, sequence);

const exists = (database: WorkbenchDatabase, sequence: number): boolean =>
  database
    .select({ sequence: requests.sequence })
    .from(requests)
    .where(eq(requests.sequence, sequence))
    .get() !== undefined;

/** The matching requests after a sequence, oldest first. */
export function listAfter(
  database: WorkbenchDatabase,
  filter: RequestFilter,
  after: number,
  limit: number,
): RecordedRequest[] {
  return readInSteps<Row>(limit, (last, step) =>
    database
      .select(summary)
      .from(requests)
      .where(and(gt(requests.sequence, last?.sequence ?? after), conditionOf(filter)))
      .orderBy(asc(requests.sequence))
      .limit(step)
      .all(),
  ).map(toRecordedRequest);
}

/** A request with its details. */
export function findRequest(
  database: WorkbenchDatabase,
  id: string,
): (RecordedRequest & WithoutNulls<RecordedVersions> & RequestDetails) | undefined {
  const row = database
    .select({ ...summaryAndVersions, details: requestDetails.details })
    .from(requests)
    .innerJoin(requestDetails, eq(requestDetails.sequence, requests.sequence))
    .where(eq(requests.sequence, Number(id)))
    .get();
  if (!row) return undefined;
  const { details, version_before, version_after, ...rest } = row;
  return {
    ...toRecordedRequest(rest),
    ...withoutNulls({ version_before, version_after }),
    ...(JSON.parse(details) as RequestDetails),
  };
}

/** The maximum number of requests in an order's timeline. */
const MAX_ORDER_REQUESTS = 1_000;

const ofTimeline = {
  sequence: requests.sequence,
  at: requests.at,
  request_id: requests.request_id,
  method: requests.method,
  order_event_id: requests.order_event_id,
  version_after: requests.version_after,
  remarks: requests.remarks,
};
type TimelineRow = Pick<typeof requests.$inferSelect, keyof typeof ofTimeline>;

/** Requests of an order, oldest first. */
export interface OrderRequests {
  requests: PastRequest[];
  /** Whether older ones exist. */
  has_more: boolean;
}

/** The newest writes to an order, including those that changed nothing, as many as fit into a page. */
export function listOrderRequests(database: WorkbenchDatabase, orderId: string): OrderRequests {
  const rows = readInSteps<TimelineRow>(MAX_ORDER_REQUESTS + 1, (last, step) =>
    database
      .select(ofTimeline)
      .from(requests)
      .where(
        and(eq(requests.order_id, orderId), ne(requests.method, "GET"), isBefore(last?.sequence)),
      )
      .orderBy(desc(requests.sequence))
      .limit(step)
      .all(),
  );
  const newest = untilTooLong(rows.slice(0, MAX_ORDER_REQUESTS));
  return {
    requests: newest.toReversed().map(toPastRequest),
    has_more: rows.length > newest.length,
  };
}

const toPastRequest = ({ at, version_after, remarks, ...row }: TimelineRow): PastRequest => ({
  request_id: row.request_id,
  at: new Date(at).toISOString(),
  method: row.method,
  version_after,
  ...withoutNulls({ order_event_id: row.order_event_id, ...remarks }),
});
