import { sql } from "drizzle-orm";
import { acceptsOverRefunds } from "../domain/assumptions.ts";
import { NO_TOTALS, type LedgerState, type Transition } from "../domain/ledger-state.ts";
import type { Order } from "../domain/orders.ts";
import { CHANGE_BYTES, contentBytesOf } from "../domain/stored-bytes.ts";
import { placeholder, DatasetStatement, type BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { commitFailure, type CommitFailure } from "./commit.ts";
import { countUsage, orderTotal } from "./usage.ts";
import { responseStored, responseBytes } from "./idempotency.ts";
import { insertChange, lastVersion, type RequestMetadata } from "./order-changes.ts";
import { insertLines, linesOfOrder, toLines } from "./order-lines.ts";
import { PageReader, type FilterOf } from "./page-reader.ts";
import type { Page, PageRequest } from "./pages.ts";
import {
  assignments,
  columnsOf,
  insertInto,
  namesOf,
  placeholdersFor,
  selectItems,
  toItem,
  toValues,
  type Selected,
} from "./rows.ts";
import { orderedFields, orderFields, orders, totalFields } from "./order-schema.ts";

/** An order with the version in its ETag. */
export interface StoredOrder {
  order: Order;
  version: number;
}

const columns = columnsOf(orders, orderFields);
const selected = { ...columns, version: orders.version, order_lines: linesOfOrder };
const isOrder = sql`dataset_id = ${placeholder("dataset_id")} and id = ${placeholder("id")}`;

function toStoredOrder(row: Selected<typeof selected>): StoredOrder {
  const { version, order_lines } = row;
  return { version, order: { ...toItem(columns, row), order_lines: toLines(order_lines) } };
}

const pages = new PageReader({
  table: orders,
  id: orders.id,
  fields: selected,
  filters: {
    id: { index: "orders_id" },
    partner_order_id: { index: "orders_partner_order_id" },
  },
  total: orderTotal,
});

/** A page of an environment's orders, newest first; undefined if the cursor is unknown. */
export async function listOrders<Given extends FilterOf<typeof pages, Given>>(
  dataset: Dataset,
  filter: Given,
  request: PageRequest,
): Promise<Page<StoredOrder> | undefined> {
  const page = await pages.read(dataset, filter, request);
  return page && { ...page, data: page.data.map(toStoredOrder) };
}

const selectOne = selectItems(selected, orders, isOrder);

/** One order with its lines. One round trip. */
export async function findOrder(dataset: Dataset, id: string): Promise<StoredOrder | undefined> {
  const [[row]] = await dataset.run(selectOne.bind(dataset, { id, limit: 1 }));
  return row && toStoredOrder(row);
}

const stateFields = {
  id: orders.id,
  version: orders.version,
  currency: orders.currency,
  payment_method_id: orders.payment_method_id,
  accepts_over_refunds: orders.accepts_over_refunds,
  created_at: orders.created_at,
  event_count: orders.event_count,
  content_bytes: orders.content_bytes,
  ...orderedFields,
  ...totalFields,
} satisfies Record<keyof LedgerState, unknown>;
const selectState = DatasetStatement.of(
  sql<
    Omit<LedgerState, "accepts_over_refunds"> & { accepts_over_refunds: number }
  >`select ${namesOf(stateFields)} from orders where ${isOrder}`,
);

/** The state of an order, as the rules need it. One round trip, one row. */
export async function findLedgerState(
  dataset: Dataset,
  id: string,
): Promise<LedgerState | undefined> {
  const [[state]] = await dataset.run(selectState.bind(dataset, { id }));
  return state && { ...state, accepts_over_refunds: state.accepts_over_refunds === 1 };
}

const content = {
  ...placeholdersFor(orderFields),
  line_count: placeholder("line_count"),
  content_bytes: placeholder("content_bytes"),
};

function contentOf(order: Order, content_bytes: number) {
  const line_count = order.order_lines?.length ?? 0;
  return { ...toValues(columns, order), line_count, content_bytes };
}

const insert = DatasetStatement.of(
  sql<{ version: number }>`
    ${insertInto(orders, {
      dataset_id: placeholder("dataset_id"),
      sequence: sql`(
        select coalesce(max(sequence), 0) + 1 from orders
        where dataset_id = ${placeholder("dataset_id")})`,
      version: lastVersion,
      accepts_over_refunds: placeholder("accepts_over_refunds"),
      ...content,
    })}
    returning version`,
);

/** The statements that add an order. `countUsage` is last, so that a taken ID is reported before an exceeded quota. */
export function orderCreated(dataset: Dataset, order: Order, request: RequestMetadata) {
  const order_id = order.id;
  const content_bytes = contentBytesOf(order);
  const bytes = content_bytes + CHANGE_BYTES + responseBytes(request, order);
  const accepts_over_refunds = Number(acceptsOverRefunds(dataset.known.assume));
  return [
    insertChange(dataset, { change: "CREATED", state: { ...order, ...NO_TOTALS }, request }),
    insert.bind(dataset, { order_id, accepts_over_refunds, ...contentOf(order, content_bytes) }),
    ...insertLines(dataset, "order", order_id, order.order_lines),
    ...responseStored(dataset, request, { order }),
    countUsage(dataset, { orders: 1, bytes }),
  ] as const;
}

/** Adds an order, and returns its version, or why nothing was added. One round trip. */
export async function insertOrder(
  dataset: Dataset,
  order: Order,
  request: RequestMetadata,
): Promise<number | CommitFailure> {
  try {
    const [, [inserted]] = await dataset.run(...orderCreated(dataset, order, request));
    return inserted!.version;
  } catch (error) {
    return commitFailure(error);
  }
}

const replace = DatasetStatement.of(
  sql<never>`
    update orders set ${assignments(orders, { ...content, version: placeholder("version") })}
    where ${isOrder}`,
);
const deleteLines = DatasetStatement.of(
  sql<never>`
    delete from order_lines
    where dataset_id = ${placeholder("dataset_id")} and order_id = ${placeholder("id")}`,
);

/** The statements that replace an order and its lines. */
export function orderReplaced(
  dataset: Dataset,
  order: Order,
  { next, added }: Transition,
  request: RequestMetadata,
): BoundDatasetStatement[] {
  const { version, content_bytes } = next;
  return [
    insertChange(dataset, { change: "REPLACED", state: next, request }),
    replace.bind(dataset, { ...contentOf(order, content_bytes), version }),
    deleteLines.bind(dataset, { id: order.id }),
    ...insertLines(dataset, "order", order.id, order.order_lines),
    countUsage(dataset, added),
  ];
}

const remove = DatasetStatement.of(sql<never>`delete from orders where ${isOrder}`);

/** The statements that delete an order and its lines. They fail on a foreign key if the order has events. */
export function orderDeleted(
  dataset: Dataset,
  { next, added }: Transition,
  request: RequestMetadata,
): BoundDatasetStatement[] {
  return [
    insertChange(dataset, { change: "DELETED", state: next, request }),
    remove.bind(dataset, { id: next.id }),
    countUsage(dataset, added),
  ];
}
