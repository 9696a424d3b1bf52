import { FIXTURE_CONTENT, type Fixture } from "../domain/environments.ts";
import { appendOrderEvent } from "../domain/order-events.ts";
import { commit } from "../store/commit.ts";
import type { RequestMetadata } from "../store/order-changes.ts";
import { orderEventAppended } from "../store/order-events.ts";
import { findLedgerState } from "../store/orders.ts";
import type { Dataset } from "../store/dataset.ts";
import { createOrder } from "./create-order.ts";

/** Puts a fixture into a new dataset. What somebody was quicker to put there stays. */
export async function fillDataset(
  dataset: Dataset,
  fixture: Fixture,
  request: RequestMetadata,
): Promise<void> {
  const content = FIXTURE_CONTENT[fixture];
  if (!content) return;
  const { order, event } = content;
  await createOrder(dataset, { order_id: order.id, input: order, request });
  const state = await findLedgerState(dataset, order.id);
  const decision = appendOrderEvent(state, event, event.order_event_id!);
  if (decision.ok) await commit(dataset, orderEventAppended(dataset, decision.result, request));
}
