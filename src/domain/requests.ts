import type { AppliedFault } from "./faults.ts";
import type { Warning } from "./warnings.ts";

/** How long a request is kept, how many are, and how much they may take. */
export const REQUEST_DAYS = 7;
export const DAY_MILLISECONDS = 86_400_000;
export const MAX_REQUESTS = 10_000;
export const MAX_REQUEST_BYTES = 64_000_000;

/** What is kept of a body; the rest is cut off. */
export const MAX_KEPT_BODY_BYTES = 32 * 1024;

/** What an error said, without its details. */
export interface RequestError {
  type: string;
  message: string;
  param?: string;
}

/** A request as the list has it. What it lacks is null. */
export interface RequestSummary {
  /** What the answer said: the client may have chosen it, so it may be there twice. */
  request_id: string;
  /** When it came: RFC 3339, with milliseconds. */
  at: string;
  method: string;
  /** Without its query. */
  path: string;
  /** Null where no answer went out. */
  status: number | null;
  ms: number;
  order_id: string | null;
  partner_order_id: string | null;
  partner_event_id: string | null;
  error: RequestError | null;
  fault: AppliedFault | null;
  warnings: Warning[] | null;
}

/** Headers and body of one side. A body that was not read, or that nothing is kept of, is cut too. */
export interface RecordedMessage {
  headers: Record<string, string>;
  body?: string;
  cut?: true;
}

/** What is kept of a request beyond its summary. */
export interface RequestDetails {
  url: string;
  query: string;
  request: RecordedMessage;
  /** What went out; left out where nothing did. */
  response?: RecordedMessage;
  /** What would have gone out, had a fault not altered it. */
  unaltered_response?: RecordedMessage & { status: number };
  /** What it cost in D1. */
  cost: { queries: number; rows_read: number; rows_written: number };
  version_before: number | null;
  version_after: number | null;
}

/** A request to be recorded; its details as the JSON that is stored. */
export interface NewRequest extends RequestSummary {
  details: string;
}

/** What a list of requests is asked for. */
export interface RequestFilter {
  method?: string | undefined;
  /** Exact, or with `*` at the end. */
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

/** The keys of the local seed, and what the sandbox makes: 32 random characters, where keys are signed with 43 more. */
const KEY = /test_(?:sandbox_[ab](?![\w-])|[\w-]{75}|[\w-]{32}(?![\w-]))/g;
const MASKED_KEY = "test_***";

/** The text without what looks like a key of ours. */
export function maskKeys(text: string): string {
  return text.includes("test_") ? text.replace(KEY, MASKED_KEY) : text;
}

const encoder = new TextEncoder();
const kept = new Uint8Array(MAX_KEPT_BODY_BYTES);

/** A body as it is kept: without keys, and cut between two characters. */
export function keptBody(text: string): { body: string; cut?: true } {
  // First, so that the cut leaves no half of a key.
  const masked = maskKeys(text);
  // No character has more than three bytes for each of its code units.
  if (masked.length * 3 <= MAX_KEPT_BODY_BYTES) return { body: masked };
  const { read } = encoder.encodeInto(masked, kept);
  return read < masked.length ? { body: masked.slice(0, read), cut: true } : { body: masked };
}
