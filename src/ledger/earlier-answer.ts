import type { Decision } from "../domain/decision.ts";
import { repeatAnswer, type IdempotencyRecord } from "../domain/idempotency.ts";
import type { Dataset } from "../store/dataset.ts";
import { findIdempotencyRecord } from "../store/idempotency.ts";
import type { RequestMetadata } from "../store/order-changes.ts";

/** What the request's Idempotency-Key says: the answer that there was, a refusal, or nothing. One round trip if there is a key. */
export async function findEarlierAnswer(
  dataset: Dataset,
  { idempotency, received_at }: RequestMetadata,
): Promise<Decision<IdempotencyRecord> | undefined> {
  const record = idempotency && (await findIdempotencyRecord(dataset, idempotency, received_at));
  return record && repeatAnswer(record, idempotency);
}
