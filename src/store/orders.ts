import { and, asc, desc, eq, sql, type SQL } from "drizzle-orm";
import type { LedgerState, LedgerTotals } from "../domain/ledger-state.ts";
import type { Order } from "../domain/orders.ts";
import type { Database } from "./database.ts";
import { recordAnswer } from "./idempotency.ts";
import { insertChange, lastVersion, type Origin } from "./order-changes.ts";
import { insertLines, LINE_COLUMNS, toLines } from "./order-lines.ts";
import {
  countMatching,
  isFiltered,
  rowsOfPage,
  toPage,
  type Page,
  type PageRequest,
} from "./pages.ts";
import { countForPartner, selectPartnerTotal } from "./partners.ts";
import { orderLines, orders } from "./schema.ts";

export interface OrderFilter {
  id?: string | undefined;
  partner_order_id?: string | undefined;
}

/** An order together with the version that its ETag names. */
export interface StoredOrder {
  order: Order;
  version: number;
}

const byId = (partnerId: number, id: string) =>
  and(eq(orders.partner_id, partnerId), eq(orders.id, id));

function selectOrders(db: Database, page: { where: SQL | undefined; limit: number }) {
  return db.query.orders.findMany({
    ...page,
    orderBy: desc(orders.sequence),
    with: { order_lines: { columns: LINE_COLUMNS, orderBy: asc(orderLines.position) } },
  });
}

type OrderRow = Awaited<ReturnType<typeof selectOrders>>[number];

function toStoredOrder(row: OrderRow): StoredOrder {
  return {
    version: row.version,
    order: {
      id: row.id,
      customer_id: row.customer_id ?? undefined,
      payment_method_id: row.payment_method_id,
      partner_order_id: row.partner_order_id,
      merchant_id: row.merchant_id ?? undefined,
      merchant_name: row.merchant_name ?? undefined,
      merchant_address: row.merchant_address ?? undefined,
      order_lines: toLines(row.order_lines),
      total_order_amount: row.total_order_amount,
      total_rewards_amount: row.total_rewards_amount,
      currency: row.currency,
      created_at: row.created_at,
      updated_at: row.updated_at,
    },
  };
}

/** What a list can be filtered by, and the index for it: the first that is used. */
const FILTERS = [
  ["id", "orders_id"],
  ["partner_order_id", "orders_partner_order_id"],
] as const;

/** One page of a partner's orders, newest first; undefined when the cursor is not one of its orders. One round trip. */
export async function listOrders(
  db: Database,
  partnerId: number,
  filter: OrderFilter,
  request: PageRequest,
): Promise<Page<StoredOrder> | undefined> {
  const ofPartner = eq(orders.partner_id, partnerId);
  const used = FILTERS.filter(([column]) => filter[column] !== undefined);
  const list = {
    table: orders,
    ofPartner,
    matching: and(ofPartner, ...used.map(([column]) => eq(orders[column], filter[column]!))),
    index: used[0]?.[1],
  };
  const cursor = db
    .select({ sequence: orders.sequence })
    .from(orders)
    .where(byId(partnerId, request.starting_after ?? ""));
  const [totals, cursors, rows] = await db.batch([
    isFiltered(list) ? countMatching(db, list) : selectPartnerTotal(db, partnerId, "order_count"),
    cursor,
    selectOrders(db, rowsOfPage(db, list, sql`(${cursor})`, request)),
  ]);
  if (request.starting_after !== undefined && cursors.length === 0) return undefined;
  return toPage(rows.map(toStoredOrder), totals[0]?.total ?? 0, request);
}

/** One order, whole. One round trip. */
export async function findOrder(
  db: Database,
  partnerId: number,
  id: string,
): Promise<StoredOrder | undefined> {
  const [row] = await selectOrders(db, { where: byId(partnerId, id), limit: 1 });
  return row && toStoredOrder(row);
}

/** What the rules need to know of an order. One round trip, one row. */
export async function findLedgerState(
  db: Database,
  partnerId: number,
  id: string,
): Promise<LedgerState | undefined> {
  const [state] = await db
    .select({
      id: orders.id,
      version: orders.version,
      currency: orders.currency,
      created_at: orders.created_at,
      event_count: orders.event_count,
      captured_amount: orders.captured_amount,
      refunded_amount: orders.refunded_amount,
      captured_rewards_amount: orders.captured_rewards_amount,
      refunded_rewards_amount: orders.refunded_rewards_amount,
    })
    .from(orders)
    .where(byId(partnerId, id));
  return state;
}

/** An order's columns that are the order, all of them: what an update does not name, it would keep. */
function contentOf(order: Order) {
  return {
    customer_id: order.customer_id ?? null,
    payment_method_id: order.payment_method_id,
    partner_order_id: order.partner_order_id,
    merchant_id: order.merchant_id ?? null,
    merchant_name: order.merchant_name ?? null,
    merchant_address: order.merchant_address ?? null,
    total_order_amount: order.total_order_amount,
    total_rewards_amount: order.total_rewards_amount,
    currency: order.currency,
    created_at: order.created_at,
    updated_at: order.updated_at,
  };
}

/**
 * Adds an order, and answers its version. Fails on the unique `orders_id` when the id is taken.
 * One round trip.
 */
export async function commitOrderCreated(
  db: Database,
  partnerId: number,
  order: Order,
  totals: LedgerTotals,
  origin: Origin,
): Promise<number> {
  const [, [created]] = await db.batch([
    insertChange(db, { partnerId, orderId: order.id, change: "CREATED", totals, origin }),
    db
      .insert(orders)
      .values({
        partner_id: partnerId,
        id: order.id,
        sequence: sql`(select coalesce(max(sequence), 0) + 1 from orders where partner_id = ${partnerId})`,
        version: lastVersion(partnerId, order.id),
        ...contentOf(order),
        ...totals,
      })
      .returning({ version: orders.version }),
    ...(order.order_lines
      ? [insertLines(db, orderLines, partnerId, order.id, order.order_lines)]
      : []),
    countForPartner(db, partnerId, { orders: 1 }),
    ...recordAnswer(db, partnerId, origin, {
      body: JSON.stringify(order),
      version: lastVersion(partnerId, order.id),
    }),
  ]);
  return created!.version;
}

/** Replaces an order and its lines, as the version after `state`. One round trip. */
export async function commitOrderReplaced(
  db: Database,
  partnerId: number,
  state: LedgerState,
  order: Order,
  origin: Origin,
): Promise<void> {
  const version = state.version + 1;
  await db.batch([
    insertChange(db, {
      partnerId,
      orderId: order.id,
      version,
      change: "REPLACED",
      totals: state,
      origin,
    }),
    db
      .update(orders)
      .set({ ...contentOf(order), version })
      .where(byId(partnerId, order.id)),
    db
      .delete(orderLines)
      .where(and(eq(orderLines.partner_id, partnerId), eq(orderLines.order_id, order.id))),
    ...(order.order_lines
      ? [insertLines(db, orderLines, partnerId, order.id, order.order_lines)]
      : []),
  ]);
}

/** Deletes an order and its lines. Fails on a foreign key while it has events. One round trip. */
export async function commitOrderDeleted(
  db: Database,
  partnerId: number,
  state: LedgerState,
  origin: Origin,
): Promise<void> {
  const version = state.version + 1;
  await db.batch([
    insertChange(db, {
      partnerId,
      orderId: state.id,
      version,
      change: "DELETED",
      totals: state,
      origin,
    }),
    db.delete(orders).where(byId(partnerId, state.id)),
    countForPartner(db, partnerId, { orders: -1 }),
  ]);
}
