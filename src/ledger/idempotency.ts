import { replayOf } from "../domain/idempotency.ts";
import type { Database } from "../store/database.ts";
import { findIdempotencyRecord } from "../store/idempotency.ts";
import type { Origin } from "../store/order-changes.ts";
import { done, type Outcome } from "./commands.ts";

/** What the request's Idempotency-Key says: the answer that there was, a refusal, or nothing. One round trip if there is a key. */
export async function earlierAnswer<T>(
  db: Database,
  partnerId: number,
  { idempotency, changed_at }: Origin,
): Promise<Outcome<T> | undefined> {
  const record =
    idempotency && (await findIdempotencyRecord(db, partnerId, idempotency, changed_at));
  if (!record) return undefined;
  const decision = replayOf(record, idempotency);
  if (!decision.ok) return decision;
  const { body, version } = decision.value;
  return { ...done(JSON.parse(body) as T, version ?? 0), replayed: true };
}
