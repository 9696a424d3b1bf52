import { accept, refuse, type Decision } from "./decision.ts";
import { toTimestamp } from "./timestamp.ts";

/** How long an Idempotency-Key is remembered. */
export const IDEMPOTENCY_KEY_HOURS = 24;

/** An Idempotency-Key, and the fingerprint of the request that it came with: equal for equal requests only. */
export interface IdempotencyKey {
  key: string;
  fingerprint: string;
}

/** What is stored for an Idempotency-Key: the fingerprint of its request, and the answer. */
export interface IdempotencyRecord {
  fingerprint: string;
  /** The answer, as JSON. */
  body: string;
  /** The version that the answer's ETag named; null where the answer is no order. */
  version: number | null;
}

/** The answer to repeat, or a refusal where the key came with another request before. */
export function repeatAnswer(
  record: IdempotencyRecord,
  { key, fingerprint }: IdempotencyKey,
): Decision<IdempotencyRecord> {
  if (record.fingerprint === fingerprint) return accept(record);
  return refuse({
    type: "IDEMPOTENCY_ERROR",
    param: "Idempotency-Key",
    message: `The Idempotency-Key ${key} came with another request before. Use a new key for a new request.`,
  });
}

/** The time (RFC 3339) before which keys have expired at `now`. */
export function idempotencyCutoff(now: string): string {
  return toTimestamp(new Date(Date.parse(now) - IDEMPOTENCY_KEY_HOURS * 3_600_000));
}
