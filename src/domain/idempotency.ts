import { accept, refuse, type Decision } from "./decision.ts";
import { toTimestamp } from "./timestamp.ts";

/** How long a response is stored for its Idempotency-Key. */
export const IDEMPOTENCY_KEY_HOURS = 24;

/** An Idempotency-Key and the fingerprint of its request, which is equal only for equal requests. */
export interface IdempotencyKey {
  key: string;
  fingerprint: string;
}

/** A stored response, with the fingerprint of its request. */
export interface IdempotencyRecord {
  fingerprint: string;
  /** The response body, as JSON. */
  body: string;
  /** The version in the response's ETag; null unless the response is an order. */
  version: number | null;
}

/** Returns the stored response, or refuses a key that was used for another request. */
export function repeatResponse(
  record: IdempotencyRecord,
  { key, fingerprint }: IdempotencyKey,
): Decision<IdempotencyRecord> {
  if (record.fingerprint === fingerprint) return accept(record);
  return refuse({
    type: "IDEMPOTENCY_ERROR",
    param: "Idempotency-Key",
    message: `The Idempotency-Key ${key} was used for another request. Use a new key for a new request.`,
  });
}

/** Keys from before this time (RFC 3339) have expired at `now`. */
export function idempotencyCutoff(now: string): string {
  return toTimestamp(new Date(Date.parse(now) - IDEMPOTENCY_KEY_HOURS * 3_600_000));
}
