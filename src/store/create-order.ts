import { refuse } from "../domain/decision.ts";
import { completeOrder, repeatOrder, type OrderInput } from "../domain/orders.ts";
import { executed, replayed, type Outcome } from "../domain/outcome.ts";
import { REPEATED_BY_KEY } from "../domain/warnings.ts";
import { quotaRefusal } from "./commit.ts";
import type { Dataset } from "./dataset.ts";
import { Overtaken } from "./failures.ts";
import { findStoredResponse, storeRepeatedResponse } from "./idempotency.ts";
import type { RequestMetadata } from "./order-changes.ts";
import { findOrder, insertOrder, type StoredOrder } from "./orders.ts";

interface CreateOrder {
  /** The input's ID, or a new one if the input has none. */
  order_id: string;
  input: OrderInput;
  request: RequestMetadata;
}

/**
 * Creates an order in D1, without its ledger: of two concurrent requests, the unique index on the ID rejects one. A
 * ledger that remembers a deleted order with the same ID can't change the new order, which has a later version.
 */
export async function createOrder(
  dataset: Dataset,
  { order_id, input, request }: CreateOrder,
): Promise<Outcome<StoredOrder>> {
  const now = request.received_at;
  const order = completeOrder(input, { id: order_id, created_at: now, updated_at: now });
  const inserted = await insertOrder(dataset, order, request);
  if (typeof inserted === "number") return executed({ order, version: inserted }, inserted);
  if (typeof inserted === "object") return refuse(await quotaRefusal(dataset, inserted));
  const response = await findStoredResponse(dataset, request);
  if (response?.ok === false) return response;
  if (response) {
    const { body, version } = response.result;
    return replayed({ order: JSON.parse(body), version: version! }, [REPEATED_BY_KEY]);
  }
  const stored = await findOrder(dataset, order_id);
  if (!stored) throw new Overtaken();
  const repeated = repeatOrder(input, stored.order, dataset.known.assume);
  if (!repeated.ok) return repeated;
  if (await storeRepeatedResponse(dataset, request, stored)) return replayed(stored);
  throw new Overtaken();
}
