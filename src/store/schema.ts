import { sql } from "drizzle-orm";
import {
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
  type AnySQLiteColumn,
} from "drizzle-orm/sqlite-core";
import { MAX_MONEY } from "../domain/money.ts";
import type { Address } from "../domain/orders.ts";
import { ORDER_EVENT_TYPES } from "../domain/order-events.ts";
import { ORDER_CHANGES } from "../domain/order-changes.ts";

/*
 * Columns have the contract's field names. Every table but `partners` is WITHOUT ROWID (`npm run
 * migration` adds it, Drizzle can't say it): the primary key is then the table itself, which saves one written row per
 * row, and secondary indexes end in the primary key, so they come sorted by `sequence`.
 */

const money = () => integer().notNull();
const amountRange = (name: string, column: AnySQLiteColumn) =>
  check(name, sql`${column} between 0 and ${sql.raw(String(MAX_MONEY))}`);

export const partners = sqliteTable("partners", {
  // Never used again after a removal: an isolate may remember a removed partner's keys and orders.
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  created_at: text().notNull(),
  /** The `total` of the unfiltered lists, kept so that nobody has to count. */
  order_count: integer().notNull().default(0),
  order_event_count: integer().notNull().default(0),
});

export const apiKeys = sqliteTable(
  "api_keys",
  {
    /** SHA-256 of the key, in hex. The key itself is nowhere. */
    hash: text().primaryKey(),
    partner_id: integer()
      .notNull()
      .references(() => partners.id),
    last_four: text().notNull(),
    created_at: text().notNull(),
    deleted_at: text(),
  },
  (t) => [
    // "Is this the partner's last key?", and the removal of a partner, which takes deleted keys too.
    index("api_keys_partner_id").on(t.partner_id, t.deleted_at),
  ],
);

export const orders = sqliteTable(
  "orders",
  {
    partner_id: integer()
      .notNull()
      .references(() => partners.id),
    /** The order of arrival, which the lists go by. */
    sequence: integer().notNull(),
    id: text().notNull(),
    version: integer().notNull(),
    customer_id: text(),
    payment_method_id: text().notNull(),
    partner_order_id: text().notNull(),
    merchant_id: text(),
    merchant_name: text(),
    merchant_address: text({ mode: "json" }).$type<Address[]>(),
    total_order_amount: money(),
    total_rewards_amount: money(),
    currency: text().notNull(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
    line_count: integer().notNull(),
    /** How many orders with the same `partner_order_id` there were when this one came, this one included. */
    partner_order_rank: integer().notNull(),
    event_count: integer().notNull().default(0),
    captured_amount: money().default(0),
    refunded_amount: money().default(0),
    captured_rewards_amount: money().default(0),
    refunded_rewards_amount: money().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.partner_id, t.sequence] }),
    uniqueIndex("orders_id").on(t.partner_id, t.id),
    index("orders_partner_order_id").on(t.partner_id, t.partner_order_id),
    amountRange("orders_total_order_amount", t.total_order_amount),
    amountRange("orders_total_rewards_amount", t.total_rewards_amount),
    amountRange("orders_captured_amount", t.captured_amount),
    amountRange("orders_captured_rewards_amount", t.captured_rewards_amount),
    check("orders_refunded_amount", sql`${t.refunded_amount} between 0 and ${t.captured_amount}`),
    check(
      "orders_refunded_rewards_amount",
      sql`${t.refunded_rewards_amount} between 0 and ${t.captured_rewards_amount}`,
    ),
  ],
);

/** The columns of a line, whatever it is a line of. */
const line = {
  position: integer().notNull(),
  name: text().notNull(),
  product_url: text(),
  quantity: integer().notNull(),
  rate: money(),
  rewards_rate: money(),
};

export const orderLines = sqliteTable(
  "order_lines",
  { partner_id: integer().notNull(), order_id: text().notNull(), ...line },
  (t) => [
    primaryKey({ columns: [t.partner_id, t.order_id, t.position] }),
    foreignKey({
      name: "order_lines_order",
      columns: [t.partner_id, t.order_id],
      foreignColumns: [orders.partner_id, orders.id],
    }).onDelete("cascade"),
    check("order_lines_quantity", sql`${t.quantity} >= 1`),
  ],
);

export const orderEvents = sqliteTable(
  "order_events",
  {
    partner_id: integer().notNull(),
    sequence: integer().notNull(),
    order_event_id: text().notNull(),
    order_id: text().notNull(),
    partner_event_id: text(),
    type: text({ enum: ORDER_EVENT_TYPES }).notNull(),
    amount: money(),
    rewards_amount: money(),
    currency: text().notNull(),
    network_transaction_id: text().notNull(),
    line_count: integer().notNull(),
    /** The same among the events of one order, and of one `network_transaction_id`. */
    order_rank: integer().notNull(),
    network_transaction_rank: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.partner_id, t.sequence] }),
    uniqueIndex("order_events_order_event_id").on(t.partner_id, t.order_event_id),
    // Partial, so that events without one don't pay for an entry.
    uniqueIndex("order_events_partner_event_id")
      .on(t.partner_id, t.partner_event_id)
      .where(sql`${t.partner_event_id} is not null`),
    index("order_events_order_id").on(t.partner_id, t.order_id),
    index("order_events_network_transaction_id").on(t.partner_id, t.network_transaction_id),
    foreignKey({
      name: "order_events_order",
      columns: [t.partner_id, t.order_id],
      foreignColumns: [orders.partner_id, orders.id],
    }),
    check("order_events_type", sql`${t.type} in ('CAPTURED', 'REFUNDED')`),
    amountRange("order_events_amount", t.amount),
    amountRange("order_events_rewards_amount", t.rewards_amount),
  ],
);

export const orderEventLines = sqliteTable(
  "order_event_lines",
  { partner_id: integer().notNull(), order_event_id: text().notNull(), ...line },
  (t) => [
    primaryKey({ columns: [t.partner_id, t.order_event_id, t.position] }),
    foreignKey({
      name: "order_event_lines_order_event",
      columns: [t.partner_id, t.order_event_id],
      foreignColumns: [orderEvents.partner_id, orderEvents.order_event_id],
    }).onDelete("cascade"),
    check("order_event_lines_quantity", sql`${t.quantity} >= 1`),
  ],
);

/**
 * Every change of an order, one row each, never changed and never deleted with the order. Its primary
 * key is the fence against a stale writer: two changes that follow the same version want the same
 * slot, and the second one's whole batch fails.
 */
export const orderChanges = sqliteTable(
  "order_changes",
  {
    partner_id: integer()
      .notNull()
      .references(() => partners.id),
    order_id: text().notNull(),
    version: integer().notNull(),
    change: text({ enum: ORDER_CHANGES }).notNull(),
    order_event_id: text(),
    request_id: text().notNull(),
    changed_at: text().notNull(),
    captured_amount: money(),
    refunded_amount: money(),
    captured_rewards_amount: money(),
    refunded_rewards_amount: money(),
  },
  (t) => [primaryKey({ columns: [t.partner_id, t.order_id, t.version] })],
);

/** The answers to requests that came with an Idempotency-Key, for as long as the key is kept. */
export const idempotencyRecords = sqliteTable(
  "idempotency_records",
  {
    partner_id: integer()
      .notNull()
      .references(() => partners.id),
    key: text().notNull(),
    fingerprint: text().notNull(),
    body: text().notNull(),
    version: integer(),
    created_at: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.partner_id, t.key] }),
    // For the sweep, which goes by age.
    index("idempotency_records_created_at").on(t.created_at),
  ],
);
