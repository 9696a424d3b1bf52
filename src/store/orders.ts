import { and, eq, sql } from "drizzle-orm";
import { NO_TOTALS, type LedgerState } from "../domain/ledger-state.ts";
import type { Order } from "../domain/orders.ts";
import {
  builder,
  placeholder,
  ScopedStatement,
  type BoundStatement,
  type Scope,
} from "./database.ts";
import { orderCount } from "./environments.ts";
import { violatedUniqueColumns, violatesForeignKey } from "./failures.ts";
import { recordAnswer } from "./idempotency.ts";
import { insertChange, lastVersion, type RequestMetadata } from "./order-changes.ts";
import { insertLines, linesOfOrder, toLines } from "./order-lines.ts";
import {
  PageReader,
  selectItems,
  type FilterBy,
  type Page,
  type PageRequest,
  type Selected,
} from "./pages.ts";
import { columnsOf, placeholdersFor, toItem, toValues } from "./rows.ts";
import { orderFields, orderLines, orders, totalFields } from "./schema.ts";

/** An order together with the version that its ETag names. */
export interface StoredOrder {
  order: Order;
  version: number;
}

const columns = columnsOf(orders, orderFields);
const selected = { ...columns, version: orders.version, order_lines: linesOfOrder };
const isOrder = and(
  eq(orders.environment_id, placeholder("environment_id")),
  eq(orders.id, placeholder("id")),
);

function toStoredOrder(row: Selected<typeof selected>): StoredOrder {
  const { version, order_lines } = row;
  return { version, order: { ...toItem(columns, row), order_lines: toLines(order_lines) } };
}

const pages = new PageReader({
  table: orders,
  id: orders.id,
  fields: selected,
  filters: {
    id: { index: "orders_id", isUnique: true },
    partner_order_id: { index: "orders_partner_order_id" },
  },
  total: orderCount.select,
});

/** One page of an environment's orders, newest first; undefined when the cursor is not one of them. One round trip. */
export async function listOrders<Given>(
  scope: Scope,
  filter: FilterBy<"id" | "partner_order_id", Given> & Given,
  request: PageRequest,
): Promise<Page<StoredOrder> | undefined> {
  const page = await pages.read(scope, filter, request);
  return page && { ...page, data: page.data.map(toStoredOrder) };
}

const selectOne = selectItems(selected, orders, isOrder);

/** One order, whole. One round trip. */
export async function findOrder(scope: Scope, id: string): Promise<StoredOrder | undefined> {
  const [[row]] = await scope.db.run(selectOne.bind(scope, { id, limit: 1 }));
  return row && toStoredOrder(row);
}

const selectState = ScopedStatement.of(
  builder
    .select({
      id: orders.id,
      version: orders.version,
      currency: orders.currency,
      created_at: orders.created_at,
      event_count: orders.event_count,
      ...columnsOf(orders, totalFields),
    })
    .from(orders)
    .where(isOrder),
);

/** What the rules need to know of an order. One round trip, one row. */
export async function findLedgerState(scope: Scope, id: string): Promise<LedgerState | undefined> {
  const [[state]] = await scope.db.run(selectState.bind(scope, { id }));
  return state;
}

const content = { ...placeholdersFor(orderFields), line_count: placeholder("line_count") };

function contentOf(order: Order) {
  return { ...toValues(columns, order), line_count: order.order_lines?.length ?? 0 };
}

const insert = ScopedStatement.of(
  builder
    .insert(orders)
    .values({
      environment_id: placeholder("environment_id"),
      sequence: sql`(select coalesce(max(sequence), 0) + 1 from orders where environment_id = ${placeholder("environment_id")})`,
      version: lastVersion,
      ...content,
    })
    .returning({ version: orders.version }),
);

/**
 * Adds an order in one round trip, and answers its version: the first, or for an id that was used before
 * the next one. Nothing is added where its id or its Idempotency-Key is "taken", or its environment "gone".
 */
export async function insertOrder(
  scope: Scope,
  order: Order,
  request: RequestMetadata,
): Promise<number | "taken" | "gone"> {
  const order_id = order.id;
  try {
    const [, [inserted]] = await scope.db.run(
      insertChange(scope, { change: "CREATED", state: { id: order_id, ...NO_TOTALS }, request }),
      insert.bind(scope, { order_id, ...contentOf(order) }),
      ...insertLines(scope, "order", order_id, order.order_lines),
      orderCount.add.bind(scope, { added: 1 }),
      ...recordAnswer(scope, request, { order }),
    );
    return (inserted as { version: number }).version;
  } catch (error) {
    if (violatedUniqueColumns(error).length > 0) return "taken";
    if (violatesForeignKey(error)) return "gone";
    throw error;
  }
}

const replace = ScopedStatement.of(
  builder
    .update(orders)
    .set({ ...content, version: placeholder("version") })
    .where(isOrder),
);
const deleteLines = ScopedStatement.of(
  builder
    .delete(orderLines)
    .where(
      and(
        eq(orderLines.environment_id, placeholder("environment_id")),
        eq(orderLines.order_id, placeholder("id")),
      ),
    ),
);

/** Replaces an order and its lines, as its next state. */
export function orderReplaced(
  scope: Scope,
  order: Order,
  next: LedgerState,
  request: RequestMetadata,
): BoundStatement<unknown>[] {
  return [
    insertChange(scope, { change: "REPLACED", state: next, request }),
    replace.bind(scope, { ...contentOf(order), version: next.version }),
    deleteLines.bind(scope, { id: order.id }),
    ...insertLines(scope, "order", order.id, order.order_lines),
  ];
}

const remove = ScopedStatement.of(builder.delete(orders).where(isOrder));

/** Deletes an order and its lines; `last` is its last state. Fails on a foreign key while it has events. */
export function orderDeleted(
  scope: Scope,
  last: LedgerState,
  request: RequestMetadata,
): BoundStatement<unknown>[] {
  return [
    insertChange(scope, { change: "DELETED", state: last, request }),
    remove.bind(scope, { id: last.id }),
    orderCount.add.bind(scope, { added: -1 }),
  ];
}
