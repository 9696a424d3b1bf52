import { and, desc, eq, sql, type SQL } from "drizzle-orm";
import type { LedgerState, LedgerTotals } from "../domain/ledger-state.ts";
import type { OrderEvent } from "../domain/order-events.ts";
import { Statement, write, type Database, value } from "./database.ts";
import { recordAnswer } from "./idempotency.ts";
import { insertChange, type Origin } from "./order-changes.ts";
import { insertLines, linesOf, toLines } from "./order-lines.ts";
import { indexedBy, PageReader, type Page, type PageRequest } from "./pages.ts";
import { orderEventCount } from "./partners.ts";
import { lastRank, leaveRank } from "./ranks.ts";
import { orderEventLines, orderEvents, orders } from "./schema.ts";

export interface OrderEventFilter {
  order_event_id?: string | undefined;
  order_id?: string | undefined;
  partner_event_id?: string | undefined;
  network_transaction_id?: string | undefined;
}

const ofPartner = eq(orderEvents.partner_id, value("partner_id"));
const isEvent = and(ofPartner, eq(orderEvents.order_event_id, value("order_event_id")));
const isOrder = and(eq(orders.partner_id, value("partner_id")), eq(orders.id, value("order_id")));

const byTransaction = {
  table: orderEvents,
  column: orderEvents.network_transaction_id,
  index: "order_events_network_transaction_id",
  rank: orderEvents.network_transaction_rank,
  id: orderEvents.order_event_id,
};

const selectOrderEvents = (where: SQL | undefined, rank: SQL<number | null>) =>
  write
    .select({
      order_event_id: orderEvents.order_event_id,
      order_id: orderEvents.order_id,
      partner_event_id: orderEvents.partner_event_id,
      type: orderEvents.type,
      amount: orderEvents.amount,
      rewards_amount: orderEvents.rewards_amount,
      currency: orderEvents.currency,
      network_transaction_id: orderEvents.network_transaction_id,
      order_lines: linesOf(
        orderEventLines,
        orderEventLines.order_event_id,
        orderEvents,
        orderEvents.order_event_id,
      ).as("order_lines"),
      rank: rank.as("rank"),
    })
    .from(orderEvents)
    .where(where)
    .orderBy(desc(orderEvents.sequence))
    .limit(sql.placeholder("limit"));

type OrderEventRow = Awaited<ReturnType<typeof selectOrderEvents>>[number];

function toOrderEvent(row: Omit<OrderEventRow, "rank">): OrderEvent {
  return {
    order_event_id: row.order_event_id,
    order_id: row.order_id,
    partner_event_id: row.partner_event_id ?? undefined,
    type: row.type,
    amount: row.amount,
    rewards_amount: row.rewards_amount,
    currency: row.currency,
    network_transaction_id: row.network_transaction_id,
    order_lines: toLines(row.order_lines),
  };
}

const orderTotal = Statement.of(
  write
    .select({ total: sql<number>`${orders.event_count}`.as("total") })
    .from(orders)
    .where(isOrder),
);

const pages = new PageReader({
  table: orderEvents,
  id: orderEvents.order_event_id,
  filters: [
    { column: "order_event_id", index: "order_events_order_event_id", isUnique: true },
    { column: "partner_event_id", index: "order_events_partner_event_id", isUnique: true },
    { column: "order_id", index: "order_events_order_id" },
    { ...byTransaction, column: "network_transaction_id" },
  ],
  select: selectOrderEvents,
  keptTotal: (used) => {
    if (used.length === 0) return orderEventCount.select;
    return used.length === 1 && used[0] === "order_id" ? orderTotal : undefined;
  },
});

/** One page of a partner's events, newest first; undefined when the cursor is not one of its events. One round trip. */
export async function listOrderEvents(
  db: Database,
  partner_id: number,
  filter: OrderEventFilter,
  request: PageRequest,
): Promise<Page<OrderEvent> | undefined> {
  const page = await pages.read(db, partner_id, filter, request);
  return page && { ...page, data: page.data.map(toOrderEvent) };
}

const selectOne = {
  order_event_id: Statement.of(selectOrderEvents(isEvent, sql`null`)),
  partner_event_id: Statement.of(
    selectOrderEvents(
      and(ofPartner, eq(orderEvents.partner_event_id, value("partner_event_id"))),
      sql`null`,
    ),
  ),
};

/** The event that has one of these ids; where two have, the one with the `order_event_id`. One round trip. */
export async function findOrderEvent(
  db: Database,
  partner_id: number,
  ids: { order_event_id?: string | undefined; partner_event_id?: string | undefined },
): Promise<OrderEvent | undefined> {
  // One look-up for each id: for an OR, SQLite would read all of the partner's events.
  const statements = (["order_event_id", "partner_event_id"] as const)
    .filter((column) => ids[column] !== undefined)
    .map((column) => selectOne[column].bind({ partner_id, ...ids, limit: 1 }));
  if (statements.length === 0) return undefined;
  const [row] = (await db.run(...statements)).flat();
  return row && toOrderEvent(row);
}

const selectOrderOfEvent = Statement.of(
  write.select({ order_id: orderEvents.order_id }).from(orderEvents).where(isEvent),
);

/** The order that an event belongs to, whose ledger deletes it. One round trip, one row. */
export async function findOrderOfEvent(
  db: Database,
  partner_id: number,
  order_event_id: string,
): Promise<string | undefined> {
  const [[row]] = await db.run(selectOrderOfEvent.bind({ partner_id, order_event_id }));
  return row?.order_id;
}

const selectIds = Statement.of(
  write
    .select({ order_event_id: sql<string>`order_event_id` })
    .from(indexedBy(orderEvents, "order_events_order_id"))
    .where(and(ofPartner, eq(orderEvents.order_id, value("order_id"))))
    .orderBy(desc(orderEvents.sequence))
    .limit(sql.placeholder("limit")),
);

/** The ids of an order's newest events, at most `limit`. One round trip, a row each. */
export async function findOrderEventIds(
  db: Database,
  partner_id: number,
  order_id: string,
  limit: number,
): Promise<string[]> {
  const [rows] = await db.run(selectIds.bind({ partner_id, order_id, limit }));
  return rows.map((row) => row.order_event_id);
}

const insert = Statement.of(
  write.insert(orderEvents).values({
    partner_id: value("partner_id"),
    sequence: sql`(select coalesce(max(sequence), 0) + 1 from order_events where partner_id = ${value("partner_id")})`,
    order_event_id: value("order_event_id"),
    order_id: value("order_id"),
    partner_event_id: value("partner_event_id"),
    type: value("type"),
    amount: value("amount"),
    rewards_amount: value("rewards_amount"),
    currency: value("currency"),
    network_transaction_id: value("network_transaction_id"),
    line_count: value("line_count"),
    network_transaction_rank: sql`${lastRank(byTransaction)} + 1`,
  }),
);

const updateTotals = Statement.of(
  write
    .update(orders)
    .set({
      version: value("version"),
      event_count: value("event_count"),
      captured_amount: value("captured_amount"),
      refunded_amount: value("refunded_amount"),
      captured_rewards_amount: value("captured_rewards_amount"),
      refunded_rewards_amount: value("refunded_rewards_amount"),
    })
    .where(isOrder),
);

/**
 * Adds an event to its order, as the version after `state`, with the order's new totals. Fails on a
 * unique index when one of the event's ids is taken. One round trip.
 */
export async function commitOrderEventAppended(
  db: Database,
  partner_id: number,
  state: LedgerState,
  event: OrderEvent,
  totals: LedgerTotals,
  origin: Origin,
): Promise<void> {
  const { order_event_id, order_id, order_lines } = event;
  const version = state.version + 1;
  const change = { partner_id, order_id, version, order_event_id, totals, origin };
  await db.run(
    insertChange({ ...change, change: "EVENT_APPENDED" }),
    insert.bind({
      partner_event_id: null,
      ...event,
      partner_id,
      line_count: order_lines?.length ?? 0,
    }),
    ...insertLines("event", partner_id, order_event_id, order_lines),
    updateTotals.bind({
      partner_id,
      order_id,
      version,
      ...totals,
      event_count: state.event_count + 1,
    }),
    orderEventCount.add.bind({ partner_id, added: 1 }),
    ...recordAnswer(partner_id, origin, { body: JSON.stringify(event), order_id }),
  );
}

const leave = leaveRank(byTransaction);
const remove = Statement.of(write.delete(orderEvents).where(isEvent));

/** Removes an event from its order, as the version after `state`, with the order's new totals. One round trip. */
export async function commitOrderEventDeleted(
  db: Database,
  partner_id: number,
  state: LedgerState,
  { order_event_id, order_id }: OrderEvent,
  totals: LedgerTotals,
  origin: Origin,
): Promise<void> {
  const version = state.version + 1;
  const change = { partner_id, order_id, version, order_event_id, totals, origin };
  await db.run(
    insertChange({ ...change, change: "EVENT_DELETED" }),
    leave.bind({ partner_id, order_event_id }),
    remove.bind({ partner_id, order_event_id }),
    updateTotals.bind({
      partner_id,
      order_id,
      version,
      ...totals,
      event_count: state.event_count - 1,
    }),
    orderEventCount.add.bind({ partner_id, added: -1 }),
  );
}
