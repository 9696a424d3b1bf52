import { sql } from "drizzle-orm";
import type { Transition } from "../domain/ledger-state.ts";
import { DELETION_RANK, type AppendedEvent, type OrderEvent } from "../domain/order-events.ts";
import { placeholder, DatasetStatement, type BoundDatasetStatement } from "./database.ts";
import { commitFailure, type CommitFailure } from "./commit.ts";
import type { Dataset } from "./dataset.ts";
import { countUsage, orderEventTotal } from "./usage.ts";
import { responseStored, responseBytes } from "./idempotency.ts";
import { insertChange, type RequestMetadata } from "./order-changes.ts";
import { insertLines, linesOfEvent, toLines } from "./order-lines.ts";
import { PageReader, type FilterOf } from "./page-reader.ts";
import type { Page, PageRequest } from "./pages.ts";
import {
  countOrderEvent,
  eventsUncounted,
  toReportedTransaction,
  uncountOrderEvent,
  type ReportedTransaction,
} from "./reconciliation-sums.ts";
import {
  assignments,
  columnsOf,
  indexedBy,
  insertInto,
  placeholdersFor,
  selectItems,
  toItem,
  toValues,
  type Selected,
} from "./rows.ts";
import { orderEventFields, orderEvents, orders, totalFields } from "./order-schema.ts";

type EventIds = Partial<Pick<OrderEvent, "order_event_id" | "partner_event_id">>;

const columns = columnsOf(orderEvents, orderEventFields);
const selected = { ...columns, order_lines: linesOfEvent };
const ofDataset = sql`dataset_id = ${placeholder("dataset_id")}`;
const isEvent = sql`${ofDataset} and order_event_id = ${placeholder("order_event_id")}`;
const isOfOrder = sql`${ofDataset} and order_id = ${placeholder("order_id")}`;
const isOrder = sql`${ofDataset} and id = ${placeholder("order_id")}`;

function toOrderEvent(row: Selected<typeof selected>): OrderEvent {
  return { ...toItem(columns, row), order_lines: toLines(row.order_lines) };
}

const eventCount = sql<number>`(select event_count from orders where ${isOrder})`;

const pages = new PageReader({
  table: orderEvents,
  id: orderEvents.order_event_id,
  fields: selected,
  filters: {
    order_event_id: { index: "order_events_order_event_id" },
    partner_event_id: { index: "order_events_partner_event_id" },
    order_id: { index: "order_events_order_id", total: eventCount },
    network_transaction_id: { index: "order_events_network_transaction_id" },
  },
  total: orderEventTotal,
});

/** A page of an environment's events, newest first; undefined if the cursor is unknown. */
export async function listOrderEvents<Given extends FilterOf<typeof pages, Given>>(
  dataset: Dataset,
  filter: Given,
  request: PageRequest,
): Promise<Page<OrderEvent> | undefined> {
  const page = await pages.read(dataset, filter, request);
  return page && { ...page, data: page.data.map(toOrderEvent) };
}

const selectOne = {
  order_event_id: selectItems(selected, orderEvents, isEvent),
  partner_event_id: selectItems(
    selected,
    orderEvents,
    sql`${ofDataset} and partner_event_id = ${placeholder("partner_event_id")}`,
  ),
};

/** The event with one of these IDs. If they belong to two events, `order_event_id` takes precedence. One round trip. */
export async function findOrderEvent(
  dataset: Dataset,
  ids: EventIds,
): Promise<OrderEvent | undefined> {
  // One statement per ID: with an OR, SQLite would read all of the environment's events.
  const statements = (["order_event_id", "partner_event_id"] as const)
    .filter((id) => ids[id] !== undefined)
    .map((id) => selectOne[id].bind(dataset, { [id]: ids[id], limit: 1 }));
  if (statements.length === 0) return undefined;
  const [row] = (await dataset.run(...statements)).flat();
  return row && toOrderEvent(row);
}

const selectOrderOfEvent = DatasetStatement.of(
  sql<{ order_id: string }>`select order_id from order_events where ${isEvent}`,
);

/** The ID of an event's order. One round trip, one row. */
export async function findOrderOfEvent(
  dataset: Dataset,
  order_event_id: string,
): Promise<string | undefined> {
  const [[row]] = await dataset.run(selectOrderOfEvent.bind(dataset, { order_event_id }));
  return row?.order_id;
}

const selectIds = DatasetStatement.of(
  sql<{ order_event_id: string }>`
    select order_event_id from ${indexedBy(orderEvents, "order_events_order_id")}
    where ${isOfOrder} order by sequence desc limit ${placeholder("limit")}`,
);

/** The IDs of an order's newest events, at most `limit`. One round trip, one row for each event. */
export async function findOrderEventIds(
  dataset: Dataset,
  order_id: string,
  limit: number,
): Promise<string[]> {
  const [rows] = await dataset.run(selectIds.bind(dataset, { order_id, limit }));
  return rows.map((row) => row.order_event_id);
}

const insert = DatasetStatement.of(
  insertInto(orderEvents, {
    dataset_id: placeholder("dataset_id"),
    sequence: sql`(select coalesce(max(sequence), 0) + 1 from order_events where ${ofDataset})`,
    ...placeholdersFor(orderEventFields),
    payment_method_id: placeholder("payment_method_id"),
    line_count: placeholder("line_count"),
    content_bytes: placeholder("content_bytes"),
  }),
);

const updateOrder = DatasetStatement.of(
  sql<never>`
    update orders set ${assignments(orders, {
      version: placeholder("version"),
      event_count: placeholder("event_count"),
      ...placeholdersFor(totalFields),
    })}
    where ${isOrder}`,
);

/**
 * The statements that add an event to its order. The second one returns the sums of the event's card transaction. The
 * batch fails on a unique index if one of the event's IDs is taken.
 */
export function orderEventAppended(
  dataset: Dataset,
  { event, content_bytes, next, added }: AppendedEvent,
  request: RequestMetadata,
) {
  const { order_event_id, order_id, order_lines } = event;
  const { payment_method_id } = next;
  const values = {
    ...toValues(columns, event),
    payment_method_id,
    line_count: order_lines?.length ?? 0,
    content_bytes,
  };
  const bytes = added.bytes + responseBytes(request, event);
  return [
    insertChange(dataset, { change: "EVENT_APPENDED", state: next, order_event_id, request }),
    countOrderEvent(dataset, { event, payment_method_id, now: request.received_at }),
    insert.bind(dataset, values),
    ...insertLines(dataset, "event", order_event_id, order_lines),
    updateOrder.bind(dataset, { ...next, order_id }),
    ...responseStored(dataset, request, { event }),
    countUsage(dataset, { ...added, bytes }),
  ] as const;
}

/** Adds an event to its order. Returns the sums of its card transaction, or why nothing was added. One round trip. */
export async function insertOrderEvent(
  dataset: Dataset,
  appended: AppendedEvent,
  request: RequestMetadata,
): Promise<{ reported: ReportedTransaction } | CommitFailure> {
  try {
    const [, [sums]] = await dataset.run(...orderEventAppended(dataset, appended, request));
    return { reported: toReportedTransaction(sums!) };
  } catch (error) {
    return commitFailure(error);
  }
}

const remove = DatasetStatement.of(sql<never>`delete from order_events where ${isEvent}`);

/** The statements that delete an event and update its order. */
export function orderEventDeleted(
  dataset: Dataset,
  event: OrderEvent,
  { next, added }: Transition,
  request: RequestMetadata,
): BoundDatasetStatement[] {
  const { order_event_id, order_id } = event;
  return [
    insertChange(dataset, { change: "EVENT_DELETED", state: next, order_event_id, request }),
    remove.bind(dataset, { order_event_id }),
    ...uncountOrderEvent(dataset, event),
    updateOrder.bind(dataset, { ...next, order_id }),
    countUsage(dataset, added),
  ];
}

const ranks = Object.entries(DELETION_RANK).map(([type, rank]) => sql`when ${type} then ${rank}`);
const selectToSweep = selectItems(
  selected,
  orderEvents,
  isOfOrder,
  sql`case type ${sql.join(ranks, sql` `)} end, sequence desc`,
);

/** At most `limit` events of an order, in a sequence in which the rules allow deleting them. One round trip. */
export async function findEventsToSweep(
  dataset: Dataset,
  order_id: string,
  limit: number,
): Promise<OrderEvent[]> {
  const [rows] = await dataset.run(selectToSweep.bind(dataset, { order_id, limit }));
  return rows.map(toOrderEvent);
}

const areSwept = sql`
  ${ofDataset} and order_event_id in (select value from json_each(${placeholder("order_event_ids")}))`;
const removeMany = [
  ...eventsUncounted(areSwept),
  sql<never>`delete from order_events where ${areSwept}`,
].map((statement) => DatasetStatement.of(statement));

/** The statements that delete many events of an order in one change. The order's history doesn't list the events. */
export function orderEventsSwept(
  dataset: Dataset,
  events: OrderEvent[],
  { next, added }: Transition,
  request: RequestMetadata,
): BoundDatasetStatement[] {
  const order_event_ids = JSON.stringify(events.map((event) => event.order_event_id));
  return [
    insertChange(dataset, { change: "EVENT_DELETED", state: next, request }),
    ...removeMany.map((statement) => statement.bind(dataset, { order_event_ids })),
    updateOrder.bind(dataset, { ...next, order_id: next.id }),
    countUsage(dataset, added),
  ];
}
