import { refuse } from "../domain/decision.ts";
import { completeOrder, repeatOrder } from "../domain/orders.ts";
import { REPEATED_BY_KEY } from "../domain/warnings.ts";
import type { Dataset } from "../store/dataset.ts";
import { recordRepeatedAnswer } from "../store/idempotency.ts";
import { findOrder, insertOrder, type StoredOrder } from "../store/orders.ts";
import { done, replayed, type CreateOrder, type Outcome } from "./commands.ts";
import { findEarlierAnswer } from "./earlier-answer.ts";
import { MAX_ATTEMPTS, OVERTAKEN, whyNotCommitted } from "./refusals.ts";

/**
 * Adds an order, without its ledger: the unique id and the order's history decide a race. A ledger that
 * remembers an order of this id that was deleted can't change the new one, which has a later version. The
 * order is added without looking first, as the unique id tells whether there is one already.
 */
export async function createOrder(
  dataset: Dataset,
  { order_id, input, request }: CreateOrder,
): Promise<Outcome<StoredOrder>> {
  const now = request.received_at;
  const order = completeOrder(input, { id: order_id, created_at: now, updated_at: now });
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const version = await insertOrder(dataset, order, request);
    if (typeof version === "number") return done({ order, version }, version);
    const refusal = await whyNotCommitted(dataset, version);
    if (refusal) return refuse(refusal);
    const earlier = await findEarlierAnswer(dataset, request);
    if (earlier?.ok === false) return earlier;
    if (earlier) {
      const { body, version: repeated } = earlier.result;
      return replayed({ order: JSON.parse(body), version: repeated! }, [REPEATED_BY_KEY]);
    }
    const stored = await findOrder(dataset, order_id);
    // It was deleted in between: the id is free now.
    if (!stored) continue;
    const repeated = repeatOrder(input, stored.order);
    if (!repeated.ok) return repeated;
    if (await recordRepeatedAnswer(dataset, request, stored)) return replayed(stored);
  }
  return OVERTAKEN;
}
