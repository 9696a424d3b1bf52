import { FIXTURE_CONTENT, type Fixture } from "../domain/environments.ts";
import { appendOrderEvent } from "../domain/order-events.ts";
import { commit } from "../store/commit.ts";
import type { RequestMetadata } from "../store/order-changes.ts";
import { orderEventAppended } from "../store/order-events.ts";
import { findLedgerState } from "../store/orders.ts";
import type { Scope } from "../store/scope.ts";
import { createOrder } from "./create-order.ts";

/** Puts a fixture into a new world. What somebody was quicker to put there stays. */
export async function fillWorld(
  scope: Scope,
  fixture: Fixture,
  request: RequestMetadata,
): Promise<void> {
  const content = FIXTURE_CONTENT[fixture];
  if (!content) return;
  const { order, event } = content;
  await createOrder(scope, { order_id: order.id, input: order, request });
  const state = await findLedgerState(scope, order.id);
  const decision = appendOrderEvent(state, event, event.order_event_id!);
  if (decision.ok) await commit(scope, orderEventAppended(scope, decision.result, request));
}
