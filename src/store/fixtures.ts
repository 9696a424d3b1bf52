import { FIXTURE_CONTENT, type Fixture } from "../domain/environments.ts";
import { appendOrderEvent } from "../domain/order-events.ts";
import { completeOrder, newLedgerState } from "../domain/orders.ts";
import { playStory } from "../domain/transaction-stories.ts";
import type { BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import type { RequestMetadata } from "./order-changes.ts";
import { orderEventAppended } from "./order-events.ts";
import { orderCreated } from "./orders.ts";
import { storySimulated } from "./simulate-card-event.ts";

/** The statements that write a fixture into an empty dataset. */
export function fixtureAdded(
  dataset: Dataset,
  fixture: Fixture,
  request: RequestMetadata,
): BoundDatasetStatement[] {
  const content = FIXTURE_CONTENT[fixture];
  if (!content) return [];
  const { received_at } = request;
  const defaults = { id: content.order.id, created_at: received_at, updated_at: received_at };
  const order = completeOrder(content.order, defaults);
  const { order_event_id } = content.event;
  const appended = appendOrderEvent(
    newLedgerState(order, dataset.known.assume),
    content.event,
    order_event_id,
  );
  const { transaction_id, event_ids, ...story } = content.transaction;
  const played = playStory(story, (index) => ({
    transaction_id,
    event_id: event_ids[index]!,
    network_transaction_id: story.network_transaction_id ?? transaction_id,
    customer_id: story.customer_id ?? transaction_id,
    created_at: received_at,
  }));
  if (!appended.ok || !played.ok) throw new Error(`The fixture ${fixture} violates a rule`);
  return [
    ...storySimulated(dataset, played.result),
    ...orderCreated(dataset, order, request),
    ...orderEventAppended(dataset, appended.result, request),
  ];
}

/** Writes a fixture into the dataset of a new environment. One round trip, or none for an empty fixture. */
export async function addFixture(
  dataset: Dataset,
  fixture: Fixture,
  request: RequestMetadata,
): Promise<void> {
  const statements = fixtureAdded(dataset, fixture, request);
  if (statements.length > 0) await dataset.run(...statements);
}
