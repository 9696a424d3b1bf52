import { and, desc, eq, sql, type SQL } from "drizzle-orm";
import { NO_TOTALS, type LedgerState } from "../domain/ledger-state.ts";
import type { Address, Order } from "../domain/orders.ts";
import { Statement, write, type Database, value } from "./database.ts";
import { recordAnswer } from "./idempotency.ts";
import { insertChange, lastVersion, type Origin } from "./order-changes.ts";
import { insertLines, linesOf, toLines } from "./order-lines.ts";
import { PageReader, type Page, type PageRequest } from "./pages.ts";
import { orderCount } from "./partners.ts";
import { changeRank, lastRank, leaveRank, sequenceOf } from "./ranks.ts";
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

const isOrder = and(eq(orders.partner_id, value("partner_id")), eq(orders.id, value("id")));

const byPartnerOrderId = {
  table: orders,
  column: orders.partner_order_id,
  index: "orders_partner_order_id",
  rank: orders.partner_order_rank,
  id: orders.id,
};

const selectOrders = (where: SQL | undefined, rank: SQL<number | null>) =>
  write
    .select({
      id: orders.id,
      version: orders.version,
      customer_id: orders.customer_id,
      payment_method_id: orders.payment_method_id,
      partner_order_id: orders.partner_order_id,
      merchant_id: orders.merchant_id,
      merchant_name: orders.merchant_name,
      merchant_address: sql<string | null>`${orders.merchant_address}`.as("merchant_address"),
      order_lines: linesOf(orderLines, orderLines.order_id, orders, orders.id).as("order_lines"),
      total_order_amount: orders.total_order_amount,
      total_rewards_amount: orders.total_rewards_amount,
      currency: orders.currency,
      created_at: orders.created_at,
      updated_at: orders.updated_at,
      rank: rank.as("rank"),
    })
    .from(orders)
    .where(where)
    .orderBy(desc(orders.sequence))
    .limit(sql.placeholder("limit"));

type OrderRow = Awaited<ReturnType<typeof selectOrders>>[number];

function toStoredOrder(row: Omit<OrderRow, "rank">): StoredOrder {
  return {
    version: row.version,
    order: {
      id: row.id,
      customer_id: row.customer_id ?? undefined,
      payment_method_id: row.payment_method_id,
      partner_order_id: row.partner_order_id,
      merchant_id: row.merchant_id ?? undefined,
      merchant_name: row.merchant_name ?? undefined,
      merchant_address:
        row.merchant_address === null ? undefined : (JSON.parse(row.merchant_address) as Address[]),
      order_lines: toLines(row.order_lines),
      total_order_amount: row.total_order_amount,
      total_rewards_amount: row.total_rewards_amount,
      currency: row.currency,
      created_at: row.created_at,
      updated_at: row.updated_at,
    },
  };
}

const pages = new PageReader({
  table: orders,
  id: orders.id,
  filters: [
    { column: "id", index: "orders_id", isUnique: true },
    { ...byPartnerOrderId, column: "partner_order_id" },
  ],
  select: selectOrders,
  keptTotal: (used) => (used.length === 0 ? orderCount.select : undefined),
});

/** One page of a partner's orders, newest first; undefined when the cursor is not one of its orders. One round trip. */
export async function listOrders(
  db: Database,
  partner_id: number,
  filter: OrderFilter,
  request: PageRequest,
): Promise<Page<StoredOrder> | undefined> {
  const page = await pages.read(db, partner_id, filter, request);
  return page && { ...page, data: page.data.map(toStoredOrder) };
}

const selectOne = Statement.of(selectOrders(isOrder, sql`null`));

/** One order, whole. One round trip. */
export async function findOrder(
  db: Database,
  partner_id: number,
  id: string,
): Promise<StoredOrder | undefined> {
  const [[row]] = await db.run(selectOne.bind({ partner_id, id, limit: 1 }));
  return row && toStoredOrder(row);
}

const selectState = Statement.of(
  write
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
    .where(isOrder),
);

/** What the rules need to know of an order. One round trip, one row. */
export async function findLedgerState(
  db: Database,
  partner_id: number,
  id: string,
): Promise<LedgerState | undefined> {
  const [[state]] = await db.run(selectState.bind({ partner_id, id }));
  return state;
}

/** The columns that are the order, all of them, as placeholders. */
const content = {
  customer_id: value("customer_id"),
  payment_method_id: value("payment_method_id"),
  partner_order_id: value("partner_order_id"),
  merchant_id: value("merchant_id"),
  merchant_name: value("merchant_name"),
  merchant_address: value("merchant_address"),
  total_order_amount: value("total_order_amount"),
  total_rewards_amount: value("total_rewards_amount"),
  currency: value("currency"),
  created_at: value("created_at"),
  updated_at: value("updated_at"),
  line_count: value("line_count"),
};

function contentOf({ order_lines, merchant_address, ...order }: Order) {
  return {
    ...order,
    merchant_address: merchant_address && JSON.stringify(merchant_address),
    line_count: order_lines?.length ?? 0,
  };
}

const insert = Statement.of(
  write
    .insert(orders)
    .values({
      partner_id: value("partner_id"),
      sequence: sql`(select coalesce(max(sequence), 0) + 1 from orders where partner_id = ${value("partner_id")})`,
      id: value("id"),
      version: lastVersion,
      partner_order_rank: sql`${lastRank(byPartnerOrderId)} + 1`,
      ...content,
    })
    .returning({ version: orders.version }),
);

/**
 * Adds an order, and answers its version. Fails on the unique `orders_id` when the id is taken.
 * One round trip.
 */
export async function commitOrderCreated(
  db: Database,
  partner_id: number,
  order: Order,
  origin: Origin,
): Promise<number> {
  const change = { partner_id, order_id: order.id, totals: NO_TOTALS, origin };
  const [, [created]] = await db.run(
    insertChange({ ...change, change: "CREATED" }),
    insert.bind({ partner_id, order_id: order.id, ...contentOf(order) }),
    ...insertLines("order", partner_id, order.id, order.order_lines),
    orderCount.add.bind({ partner_id, added: 1 }),
    ...recordAnswer(partner_id, origin, { body: JSON.stringify(order), order_id: order.id }),
  );
  return created!.version;
}

const moveRanks = changeRank(byPartnerOrderId);
const replace = Statement.of(
  write
    .update(orders)
    .set({
      ...content,
      version: value("version"),
      partner_order_rank: sql`iif(partner_order_id = ${value("partner_order_id")}, partner_order_rank,
        ${lastRank(byPartnerOrderId, sequenceOf(byPartnerOrderId))} + 1)`,
    })
    .where(isOrder),
);
const deleteLines = Statement.of(
  write
    .delete(orderLines)
    .where(
      and(eq(orderLines.partner_id, value("partner_id")), eq(orderLines.order_id, value("id"))),
    ),
);

/** Replaces an order and its lines, as the version after `state`. One round trip. */
export async function commitOrderReplaced(
  db: Database,
  partner_id: number,
  state: LedgerState,
  order: Order,
  origin: Origin,
): Promise<void> {
  const version = state.version + 1;
  const values = { partner_id, version, ...contentOf(order) };
  await db.run(
    insertChange({
      partner_id,
      order_id: order.id,
      version,
      change: "REPLACED",
      totals: state,
      origin,
    }),
    ...moveRanks.map((each) => each.bind(values)),
    replace.bind(values),
    deleteLines.bind(values),
    ...insertLines("order", partner_id, order.id, order.order_lines),
  );
}

const leave = leaveRank(byPartnerOrderId);
const remove = Statement.of(write.delete(orders).where(isOrder));

/** Deletes an order and its lines. Fails on a foreign key while it has events. One round trip. */
export async function commitOrderDeleted(
  db: Database,
  partner_id: number,
  state: LedgerState,
  origin: Origin,
): Promise<void> {
  const { id } = state;
  const version = state.version + 1;
  await db.run(
    insertChange({ partner_id, order_id: id, version, change: "DELETED", totals: state, origin }),
    leave.bind({ partner_id, id }),
    remove.bind({ partner_id, id }),
    orderCount.add.bind({ partner_id, added: -1 }),
  );
}
