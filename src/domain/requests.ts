import { bytesOf } from "./stored-bytes.ts";
import type { OrderEventType } from "./order-events.ts";
import type { AppliedFault } from "./faults.ts";
import type { TransactionStatus } from "./transactions.ts";
import type { Warning } from "./warnings.ts";

/** The limits of recorded requests: their age, number and bytes in an environment. */
export const REQUEST_DAYS = 7;
export const MAX_RECORDED_REQUESTS = 10_000;
export const MAX_RECORDED_BYTES = 64_000_000;
/** Every environment may store at least this much, however many environments its partner has. */
export const MIN_RECORDED_BYTES = 1_000_000;

/** The maximum stored size of a body, a message's headers and a URL. The rest is cut off. */
export const MAX_RECORDED_BODY_BYTES = 32 * 1024;
export const MAX_RECORDED_HEADER_BYTES = 16 * 1024;
export const MAX_RECORDED_URL_BYTES = 8 * 1024;
/** The maximum stored size of each text that lists show: a path, and an error's message and parameter. */
export const MAX_RECORDED_TEXT_BYTES = 1024;

/** An error without its details. */
export interface RequestError {
  type: string;
  message: string;
  param?: string;
}

/** A request as lists show it. Fields without a value are null. */
export interface RequestSummary {
  /** The response's `X-Request-Id`. The client may choose it, so it need not be unique. */
  request_id: string;
  /** When the request arrived: RFC 3339 with milliseconds. */
  at: string;
  method: string;
  /** Without the query. */
  path: string;
  /** Null if a fault kept the response from being sent. */
  status: number | null;
  ms: number;
  order_id: string | null;
  partner_order_id: string | null;
  order_event_id: string | null;
  partner_event_id: string | null;
  network_transaction_id: string | null;
  error: RequestError | null;
  fault: AppliedFault | null;
  warnings: Warning[] | null;
  content: RequestContent | null;
  /** True if the response repeats an earlier one. */
  replayed: true | null;
}

/** The order's versions around a write; null without an order. */
export interface RecordedVersions {
  version_before: number | null;
  version_after: number | null;
}

export interface RecordedMessage {
  headers: Record<string, string>;
  body?: string;
  /** Set if a part of the message is missing. */
  cut?: true;
}

/** The type and amount of the order or event in a body. */
export interface RequestContent {
  event_type?: OrderEventType;
  /** The status of a simulated event on the card. */
  card_status?: TransactionStatus;
  /** The event's amount, or the order's total. */
  amount?: number;
  currency?: string;
}

/** The part of a request that lists leave out. */
export interface RequestDetails {
  url: string;
  query: string;
  request: RecordedMessage;
  /** Absent if a fault kept the response from being sent. */
  response?: RecordedMessage;
  /** The response before a fault replaced it. */
  unaltered_response?: RecordedMessage & { status: number };
  /** The cost of the request in D1. */
  cost: { queries: number; rows_read: number; rows_written: number };
  /** Whether URL, headers and body are stored exactly as they were sent. */
  is_exact: boolean;
}

/** A page of a list. The list, the cursor and the last ID are stored as hashes. */
export interface RecordedPage {
  /** The list and its filters. */
  list: number;
  /** The cursor, and the ID of the last item. */
  after?: number;
  last?: number;
  has_more: boolean;
}

/** The part of a request that only the readiness checks read. They compare texts by their hashes. */
export interface RequestTrace {
  /** The API key that sent it. */
  key_id: number;
  /** The method, URL and body. Absent if the body was not read. */
  hash?: number;
  idempotency_key?: number;
  /** Whether the body has an ID of the order or event that it creates. */
  has_own_id?: true;
  /** Of an order event, as it was stored. */
  rewards_amount?: number;
  has_lines?: true;
  page?: RecordedPage;
}

/** A request to record, with its details as stored JSON. */
export interface NewRequest extends RequestSummary, RecordedVersions {
  details: string;
  trace: RequestTrace;
}

/** A rough size of a recorded request, without its details, path and remarks. */
const REQUEST_BYTES = 300;

/** The bytes of a recorded request. */
export function recordedBytesOf(request: NewRequest): number {
  const { details, path, error, fault, warnings, content, trace } = request;
  const others = JSON.stringify([error, fault, warnings, content, trace]);
  return bytesOf(details + path + others) + REQUEST_BYTES;
}

/** The requests to list. A path or ID is exact, or a prefix that ends in `*`. */
export interface RequestFilter {
  method?: string | undefined;
  path?: string | undefined;
  /** `409` or `4xx`. */
  status?: string | undefined;
  order_id?: string | undefined;
  partner_order_id?: string | undefined;
  order_event_id?: string | undefined;
  partner_event_id?: string | undefined;
  network_transaction_id?: string | undefined;
  request_id?: string | undefined;
  /** RFC 3339. */
  since?: string | undefined;
}

/** Counts of the requests that match a filter, the largest first. */
export interface RequestCounts {
  total: number;
  /** By class, like `4xx`; null counts requests without a response. */
  by_status: { status: string | null; count: number }[];
  by_method: { method: string; count: number }[];
  by_error: { type: string; param?: string; count: number }[];
  by_warning: { code: Warning["code"]; param?: string; count: number; order_ids: string[] }[];
}

/** The maximum number of orders that are listed with each warning. */
export const MAX_COUNTED_ORDERS = 10;

/** How many bytes each of a partner's environments may store: its share of the partner's quota. */
export function byteLimitOf(quota: number, environments: number): number {
  const share = Math.floor(quota / Math.max(environments, 1));
  return Math.min(Math.max(share, MIN_RECORDED_BYTES), MAX_RECORDED_BYTES);
}
