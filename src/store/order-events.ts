import { and, asc, desc, eq, sql, type SQL } from "drizzle-orm";
import type { LedgerState, LedgerTotals } from "../domain/ledger-state.ts";
import type { OrderEvent } from "../domain/order-events.ts";
import type { Database } from "./database.ts";
import { recordAnswer } from "./idempotency.ts";
import { insertChange, type Origin } from "./order-changes.ts";
import { insertLines, LINE_COLUMNS, toLines } from "./order-lines.ts";
import {
  countMatching,
  indexedBy,
  isFiltered,
  rowsOfPage,
  toPage,
  type Page,
  type PageRequest,
} from "./pages.ts";
import { countForPartner, selectPartnerTotal } from "./partners.ts";
import { orderEventLines, orderEvents, orders } from "./schema.ts";

/** What a list can be filtered by, and the index for it: the first that is used, so the choosiest come first. */
const FILTERS = [
  ["order_event_id", "order_events_order_event_id"],
  ["partner_event_id", "order_events_partner_event_id"],
  ["order_id", "order_events_order_id"],
  ["network_transaction_id", "order_events_network_transaction_id"],
] as const;

export type OrderEventFilter = { [Column in (typeof FILTERS)[number][0]]?: string | undefined };

const byId = (partnerId: number, id: string) =>
  and(eq(orderEvents.partner_id, partnerId), eq(orderEvents.order_event_id, id));

function selectOrderEvents(db: Database, page: { where: SQL | undefined; limit: number }) {
  return db.query.orderEvents.findMany({
    ...page,
    orderBy: desc(orderEvents.sequence),
    with: { order_lines: { columns: LINE_COLUMNS, orderBy: asc(orderEventLines.position) } },
  });
}

type OrderEventRow = Awaited<ReturnType<typeof selectOrderEvents>>[number];

function toOrderEvent(row: OrderEventRow): OrderEvent {
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

/** One page of a partner's events, newest first; undefined when the cursor is not one of its events. One round trip. */
export async function listOrderEvents(
  db: Database,
  partnerId: number,
  filter: OrderEventFilter,
  request: PageRequest,
): Promise<Page<OrderEvent> | undefined> {
  const ofPartner = eq(orderEvents.partner_id, partnerId);
  const used = FILTERS.filter(([column]) => filter[column] !== undefined);
  const list = {
    table: orderEvents,
    ofPartner,
    matching: and(ofPartner, ...used.map(([column]) => eq(orderEvents[column], filter[column]!))),
    index: used[0]?.[1],
  };
  const cursor = db
    .select({ sequence: orderEvents.sequence })
    .from(orderEvents)
    .where(byId(partnerId, request.starting_after ?? ""));
  const isOneOrder = used.length === 1 && filter.order_id !== undefined;
  const [totals, cursors, rows] = await db.batch([
    isOneOrder
      ? selectOrderTotal(db, partnerId, filter.order_id!)
      : isFiltered(list)
        ? countMatching(db, list)
        : selectPartnerTotal(db, partnerId, "order_event_count"),
    cursor,
    selectOrderEvents(db, rowsOfPage(db, list, sql`(${cursor})`, request)),
  ]);
  if (request.starting_after !== undefined && cursors.length === 0) return undefined;
  return toPage(rows.map(toOrderEvent), totals[0]?.total ?? 0, request);
}

/** How many events an order has, as it is kept. */
function selectOrderTotal(db: Database, partnerId: number, orderId: string) {
  return db
    .select({ total: orders.event_count })
    .from(orders)
    .where(and(eq(orders.partner_id, partnerId), eq(orders.id, orderId)));
}

/** One event, whole. One round trip. */
export async function findOrderEvent(
  db: Database,
  partnerId: number,
  id: string,
): Promise<OrderEvent | undefined> {
  const [row] = await selectOrderEvents(db, { where: byId(partnerId, id), limit: 1 });
  return row && toOrderEvent(row);
}

/** The event that already has one of these ids; where two have, the one with the `order_event_id`. One round trip. */
export async function findOrderEventWithId(
  db: Database,
  partnerId: number,
  ids: { order_event_id?: string | undefined; partner_event_id?: string | undefined },
): Promise<OrderEvent | undefined> {
  const columns = (["order_event_id", "partner_event_id"] as const).filter((column) => ids[column]);
  // One look-up for each id: for an OR, SQLite would read all of the partner's events.
  const [first, ...others] = columns.map((column) =>
    selectOrderEvents(db, {
      where: and(eq(orderEvents.partner_id, partnerId), eq(orderEvents[column], ids[column]!)),
      limit: 1,
    }),
  );
  const [row] = first ? (await db.batch([first, ...others])).flat() : [];
  return row && toOrderEvent(row);
}

function updateTotals(
  db: Database,
  partnerId: number,
  state: LedgerState,
  totals: LedgerTotals,
  added: 1 | -1,
) {
  return db
    .update(orders)
    .set({ ...totals, event_count: state.event_count + added, version: state.version + 1 })
    .where(and(eq(orders.partner_id, partnerId), eq(orders.id, state.id)));
}

/**
 * Adds an event to its order, as the version after `state`, with the order's new totals. Fails on a
 * unique index when one of the event's ids is taken. One round trip.
 */
export async function commitOrderEventAppended(
  db: Database,
  partnerId: number,
  state: LedgerState,
  event: OrderEvent,
  totals: LedgerTotals,
  origin: Origin,
): Promise<void> {
  const { order_lines: lines, ...columns } = event;
  await db.batch([
    insertChange(db, {
      partnerId,
      orderId: state.id,
      version: state.version + 1,
      change: "EVENT_APPENDED",
      orderEventId: event.order_event_id,
      totals,
      origin,
    }),
    db.insert(orderEvents).values({
      ...columns,
      partner_id: partnerId,
      sequence: sql`(select coalesce(max(sequence), 0) + 1 from order_events where partner_id = ${partnerId})`,
    }),
    ...(lines ? [insertLines(db, orderEventLines, partnerId, event.order_event_id, lines)] : []),
    updateTotals(db, partnerId, state, totals, 1),
    countForPartner(db, partnerId, { orderEvents: 1 }),
    ...recordAnswer(db, partnerId, origin, {
      body: JSON.stringify(event),
      version: state.version + 1,
    }),
  ]);
}

/** Removes an event from its order, as the version after `state`, with the order's new totals. One round trip. */
export async function commitOrderEventDeleted(
  db: Database,
  partnerId: number,
  state: LedgerState,
  event: OrderEvent,
  totals: LedgerTotals,
  origin: Origin,
): Promise<void> {
  await db.batch([
    insertChange(db, {
      partnerId,
      orderId: state.id,
      version: state.version + 1,
      change: "EVENT_DELETED",
      orderEventId: event.order_event_id,
      totals,
      origin,
    }),
    db.delete(orderEvents).where(byId(partnerId, event.order_event_id)),
    updateTotals(db, partnerId, state, totals, -1),
    countForPartner(db, partnerId, { orderEvents: -1 }),
  ]);
}

/** The order that an event belongs to, whose ledger deletes it. One round trip, one row. */
export async function findOrderOfEvent(
  db: Database,
  partnerId: number,
  id: string,
): Promise<string | undefined> {
  const [row] = await db
    .select({ order_id: orderEvents.order_id })
    .from(orderEvents)
    .where(byId(partnerId, id));
  return row?.order_id;
}

/** The ids of an order's newest events, at most `limit`. One round trip, a row each. */
export async function findOrderEventIds(
  db: Database,
  partnerId: number,
  orderId: string,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .select({ id: sql<string>`order_event_id` })
    .from(indexedBy(orderEvents, "order_events_order_id"))
    .where(and(eq(orderEvents.partner_id, partnerId), eq(orderEvents.order_id, orderId)))
    .orderBy(desc(orderEvents.sequence))
    .limit(limit);
  return rows.map((row) => row.id);
}
