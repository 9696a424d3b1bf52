import { accept, refuse, type Decision, type Refusal } from "./decision.ts";
import { toTimestamp } from "./timestamp.ts";

/** How long an Idempotency-Key is kept. */
export const IDEMPOTENCY_KEY_HOURS = 24;

/** An Idempotency-Key, and the fingerprint of the request that it came with: equal for equal requests only. */
export interface IdempotencyKey {
  key: string;
  fingerprint: string;
}

/** What is kept of a request that took effect: its fingerprint, and what it was answered. */
export interface IdempotencyRecord {
  fingerprint: string;
  /** The answer, as JSON. */
  body: string;
  /** The order's version that the answer's ETag named, where it named one. */
  version: number | null;
}

/** The answer to repeat, or a refusal where the key came with another request before. */
export function replayOf(
  record: IdempotencyRecord,
  { key, fingerprint }: IdempotencyKey,
): Decision<IdempotencyRecord> {
  if (record.fingerprint === fingerprint) return accept(record);
  return refuse(usedBefore(key));
}

/** The Idempotency-Key came with another request. */
export function usedBefore(key: string): Refusal {
  return {
    type: "IDEMPOTENCY_ERROR",
    param: "Idempotency-Key",
    message: `The Idempotency-Key ${key} came with another request before. Use a new key for a new request.`,
  };
}

/** The time (RFC 3339) before which keys have expired at `now`. */
export function idempotencyCutoff(now: string): string {
  return toTimestamp(new Date(Date.parse(now) - IDEMPOTENCY_KEY_HOURS * 3_600_000));
}
