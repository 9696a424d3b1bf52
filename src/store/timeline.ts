import { sql } from "drizzle-orm";
import type { CardEvent, PastChange } from "../domain/timeline.ts";
import { DatasetStatement, placeholder } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { ofOrder } from "./order-changes.ts";
import { columnsOf, selectItems } from "./rows.ts";
import { orderChanges, orderedFields, totalFields } from "./order-schema.ts";

/** The maximum number of order events whose transactions are looked up, and of card events in a timeline. */
const MAX_CARD_EVENTS = 1_000;

const selectChanges = selectItems(
  {
    ...columnsOf(orderChanges, { ...orderedFields, ...totalFields }),
    version: orderChanges.version,
    change: orderChanges.change,
    order_event_id: orderChanges.order_event_id,
    request_id: orderChanges.request_id,
    changed_at: orderChanges.changed_at,
  },
  orderChanges,
  ofOrder,
  sql`version desc`,
);

// The inner limits bound the rows that are read.
const selectCardEvents = DatasetStatement.of(
  sql<CardEvent>`
    select * from (
      select r.network_transaction_id, e.transaction_id, e.event_id, e.version, e.status, e.amount,
        r.card_currency as currency, e.created_at
      from (
        select distinct network_transaction_id from (
          select network_transaction_id from order_events indexed by order_events_order_id
          where ${ofOrder} order by sequence desc limit ${placeholder("limit")})) as named
      cross join reconciliations r on r.dataset_id = ${placeholder("dataset_id")}
        and r.network_transaction_id = named.network_transaction_id
      cross join transaction_events e on e.dataset_id = r.dataset_id
        and e.transaction_id = r.transaction_id
      limit ${placeholder("limit")})
    order by created_at, version`,
);

/** The changes of an order, which may be deleted, and the events of the card transactions that its events name. */
interface OrderHistory {
  /** Oldest first. */
  changes: PastChange[];
  /** Oldest first, at most 1,000. */
  cardEvents: CardEvent[];
}

/** The history of an order with its newest changes, at most `limit`. One round trip. */
export async function findHistory(
  dataset: Dataset,
  order_id: string,
  limit: number,
): Promise<OrderHistory> {
  const [changes, cardEvents] = await dataset.run(
    selectChanges.bind(dataset, { order_id, limit }),
    selectCardEvents.bind(dataset, { order_id, limit: MAX_CARD_EVENTS }),
  );
  return { changes: changes.toReversed(), cardEvents };
}
