import { refuse } from "../domain/decision.ts";
import { completeOrder, repeatOrder } from "../domain/orders.ts";
import type { Database } from "../store/database.ts";
import { recordRepeatedAnswer } from "../store/idempotency.ts";
import { findOrder, insertOrder, type StoredOrder } from "../store/orders.ts";
import {
  done,
  MAX_ATTEMPTS,
  OVERTAKEN,
  replayed,
  unavailable,
  type CreateOrder,
  type Outcome,
} from "./commands.ts";
import { findEarlierAnswer } from "./earlier-answer.ts";

/**
 * Adds an order, without its ledger: the unique id and the order's history decide a race. A ledger that
 * remembers an order of this id that was deleted can't change the new one, which has a later version. The
 * order is added without looking first, as the unique id tells whether there is one already.
 */
export async function createOrder(
  db: Database,
  { environment_id, order_id, input, request }: CreateOrder,
): Promise<Outcome<StoredOrder>> {
  const scope = { db, environment_id };
  const now = request.received_at;
  const order = completeOrder(input, { id: order_id, created_at: now, updated_at: now });
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const version = await insertOrder(scope, order, request);
    if (version === "gone") return refuse(unavailable("The partner is being removed."));
    if (version !== "taken") return done({ order, version });
    const earlier = await findEarlierAnswer(scope, request);
    if (earlier?.ok === false) return earlier;
    if (earlier) {
      const { body, version: repeated } = earlier.result;
      return replayed({ order: JSON.parse(body), version: repeated! });
    }
    const stored = await findOrder(scope, order_id);
    // It was deleted in between: the id is free now.
    if (!stored) continue;
    const repeated = repeatOrder(input, stored.order);
    if (!repeated.ok) return repeated;
    if (await recordRepeatedAnswer(scope, request, stored)) return replayed(stored);
  }
  return refuse(OVERTAKEN);
}
