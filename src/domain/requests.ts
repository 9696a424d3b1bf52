import { bytesOf } from "./quotas.ts";
import type { AppliedFault } from "./faults.ts";
import type { Warning } from "./warnings.ts";

/** How long requests are stored, how many, and how many bytes. */
export const REQUEST_DAYS = 7;
export const DAY_MILLISECONDS = 86_400_000;
export const MAX_RECORDED_REQUESTS = 10_000;
export const MAX_RECORDED_BYTES = 64_000_000;

/** How much of a body, of a message's headers and of a URL is stored; the rest is cut off. */
export const MAX_RECORDED_BODY_BYTES = 32 * 1024;
export const MAX_RECORDED_HEADER_BYTES = 16 * 1024;
export const MAX_RECORDED_URL_BYTES = 8 * 1024;

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
  partner_event_id: string | null;
  error: RequestError | null;
  fault: AppliedFault | null;
  warnings: Warning[] | null;
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

/** The part of a request that lists leave out. */
export interface RequestDetails {
  url: string;
  query: string;
  request: RecordedMessage;
  /** Absent if a fault kept the response from being sent. */
  response?: RecordedMessage;
  /** The response before a fault replaced it. */
  unaltered_response?: RecordedMessage & { status: number };
  /** What the request cost in D1. */
  cost: { queries: number; rows_read: number; rows_written: number };
}

/** A request to record, with its details as stored JSON. */
export interface NewRequest extends RequestSummary, RecordedVersions {
  details: string;
}

/** Which requests to list. */
export interface RequestFilter {
  method?: string | undefined;
  /** Exact, or a prefix that ends in `*`. */
  path?: string | undefined;
  /** `409` or `4xx`. */
  status?: string | undefined;
  order_id?: string | undefined;
  partner_order_id?: string | undefined;
  partner_event_id?: string | undefined;
  request_id?: string | undefined;
  /** RFC 3339. */
  since?: string | undefined;
}

/** The keys of the local seed, and generated ones: 32 random characters, and 43 more if the key is signed. */
const KEY = /test_(?:sandbox_[ab](?![\w-])|[\w-]{75}|[\w-]{32}(?![\w-]))/g;
const MASKED_KEY = "test_***";

/** Replaces API keys in a text. */
export function maskKeys(text: string): string {
  return text.includes("test_") ? text.replace(KEY, MASKED_KEY) : text;
}

/** A text as it is stored: keys masked, and cut between two characters. */
export function recordedText(text: string, maxBytes: number): { text: string; isCut: boolean } {
  // Masked first, so that the cut leaves no half of a key.
  const masked = maskKeys(text);
  // A UTF-16 code unit has at most three bytes in UTF-8.
  if (masked.length * 3 <= maxBytes) return { text: masked, isCut: false };
  const { read } = encoder.encodeInto(masked, new Uint8Array(maxBytes));
  return { text: masked.slice(0, read), isCut: read < masked.length };
}

const encoder = new TextEncoder();

/** Headers that identify the sender, and those that the network adds. */
const OMITTED_HEADERS =
  /^(authorization|proxy-authorization|cookie|set-cookie|forwarded|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-.*|mf-.*)$/;

/** Headers as they are stored: without those of the sender, and cut to `MAX_RECORDED_HEADER_BYTES`. */
export function recordedHeaders(headers: Iterable<[name: string, content: string]>): {
  headers: Record<string, string>;
  isCut: boolean;
} {
  const recorded: Record<string, string> = {};
  let left = MAX_RECORDED_HEADER_BYTES;
  for (const [name, content] of headers) {
    if (OMITTED_HEADERS.test(name)) continue;
    left -= name.length;
    if (left < 0) return { headers: recorded, isCut: true };
    const { text, isCut } = recordedText(content, left);
    recorded[name] = text;
    left -= bytesOf(text);
    if (isCut) return { headers: recorded, isCut };
  }
  return { headers: recorded, isCut: false };
}
