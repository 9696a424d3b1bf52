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
  type CheckBuilder,
} from "drizzle-orm/sqlite-core";
import type { LedgerTotals, OrderedTotals } from "../domain/ledger-state.ts";
import { MAX_MONEY } from "../domain/money.ts";
import { ORDER_CHANGES } from "../domain/order-changes.ts";
import { ORDER_EVENT_TYPES, type OrderEvent } from "../domain/order-events.ts";
import type { OrderLine } from "../domain/order-lines.ts";
import type { Address, Order } from "../domain/orders.ts";
import { datasetId, money } from "./schema.ts";

const amountRange = (name: string, column: AnySQLiteColumn) =>
  check(name, sql`${column} between 0 and ${sql.raw(String(MAX_MONEY))}`);

/** The columns of an order, without its lines. */
export const orderFields = {
  id: text().notNull(),
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
} satisfies Record<Exclude<keyof Order, "order_lines">, unknown>;

/** The sums of an order's events, stored in the `orders` row and in each history row. */
export const totalFields = {
  captured_amount: money().default(0),
  refunded_amount: money().default(0),
  captured_rewards_amount: money().default(0),
  refunded_rewards_amount: money().default(0),
} satisfies Record<keyof LedgerTotals, unknown>;

const mostRefunded = (
  { accepts_over_refunds }: Record<"accepts_over_refunds", AnySQLiteColumn>,
  captured: AnySQLiteColumn,
) => sql`iif(${accepts_over_refunds}, ${sql.raw(String(MAX_MONEY))}, ${captured})`;

/** The CHECK of each sum. A sum that a later migration adds has none: to add a CHECK, SQLite rebuilds the table. */
const checksOfTotals = (
  t: Record<keyof LedgerTotals | "accepts_over_refunds", AnySQLiteColumn>,
): Record<keyof LedgerTotals, CheckBuilder | null> => ({
  captured_amount: amountRange("orders_captured_amount", t.captured_amount),
  captured_rewards_amount: amountRange("orders_captured_rewards_amount", t.captured_rewards_amount),
  refunded_amount: check(
    "orders_refunded_amount",
    sql`${t.refunded_amount} between 0 and ${mostRefunded(t, t.captured_amount)}`,
  ),
  refunded_rewards_amount: check(
    "orders_refunded_rewards_amount",
    sql`${t.refunded_rewards_amount} between 0 and ${mostRefunded(t, t.captured_rewards_amount)}`,
  ),
});

/** The ordered (not captured) amounts, stored in each row of an order's history. */
export const orderedFields = {
  total_order_amount: money().default(0),
  total_rewards_amount: money().default(0),
} satisfies Record<keyof OrderedTotals, unknown>;

export const orders = sqliteTable(
  "orders",
  {
    dataset_id: datasetId(),
    /** Numbers the orders by arrival. Lists are sorted by it. */
    sequence: integer().notNull(),
    version: integer().notNull(),
    ...orderFields,
    line_count: integer().notNull(),
    content_bytes: integer().notNull().default(0),
    event_count: integer().notNull().default(0),
    /** From the environment's `assume`. */
    accepts_over_refunds: integer({ mode: "boolean" }).notNull().default(false),
    ...totalFields,
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.sequence] }),
    uniqueIndex("orders_id").on(t.dataset_id, t.id),
    index("orders_partner_order_id").on(t.dataset_id, t.partner_order_id),
    amountRange("orders_total_order_amount", t.total_order_amount),
    amountRange("orders_total_rewards_amount", t.total_rewards_amount),
    ...Object.values(checksOfTotals(t)).filter((each) => each !== null),
  ],
);

/** The column of a line's field: text or an integer, as lines are written and read with SQLite's JSON functions. */
interface LineColumn<Field> {
  _: {
    data: NonNullable<Field>;
    columnType: "SQLiteText" | "SQLiteInteger";
    notNull: undefined extends Field ? boolean : true;
  };
}

export const lineFields = {
  name: text().notNull(),
  product_url: text(),
  quantity: integer().notNull(),
  rate: money(),
  rewards_rate: money(),
} satisfies { [Field in keyof Required<OrderLine>]: LineColumn<OrderLine[Field]> };

export const orderLines = sqliteTable(
  "order_lines",
  {
    dataset_id: integer().notNull(),
    order_id: text().notNull(),
    position: integer().notNull(),
    ...lineFields,
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.order_id, t.position] }),
    foreignKey({
      name: "order_lines_order",
      columns: [t.dataset_id, t.order_id],
      foreignColumns: [orders.dataset_id, orders.id],
    }).onDelete("cascade"),
    check("order_lines_quantity", sql`${t.quantity} >= 1`),
  ],
);

/** The columns of an event, without its lines. */
export const orderEventFields = {
  order_event_id: text().notNull(),
  order_id: text().notNull(),
  partner_event_id: text(),
  type: text({ enum: ORDER_EVENT_TYPES }).notNull(),
  amount: money(),
  rewards_amount: money(),
  currency: text().notNull(),
  network_transaction_id: text().notNull(),
} satisfies Record<Exclude<keyof OrderEvent, "order_lines">, unknown>;

export const orderEvents = sqliteTable(
  "order_events",
  {
    dataset_id: integer().notNull(),
    sequence: integer().notNull(),
    ...orderEventFields,
    /** The payment method that the order had when the event was created. */
    payment_method_id: text().notNull(),
    line_count: integer().notNull(),
    content_bytes: integer().notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.sequence] }),
    uniqueIndex("order_events_order_event_id").on(t.dataset_id, t.order_event_id),
    // Partial: an event without one has no entry.
    uniqueIndex("order_events_partner_event_id")
      .on(t.dataset_id, t.partner_event_id)
      .where(sql`${t.partner_event_id} is not null`),
    // Includes the transaction, so that a list by both reads only the events on the page.
    index("order_events_order_id").on(
      t.dataset_id,
      t.order_id,
      t.sequence,
      t.network_transaction_id,
    ),
    index("order_events_network_transaction_id").on(t.dataset_id, t.network_transaction_id),
    // Finds events of a transaction in another currency or with another payment method (reconciliation-sums.ts).
    index("order_events_card").on(
      t.dataset_id,
      t.network_transaction_id,
      t.currency,
      t.payment_method_id,
    ),
    foreignKey({
      name: "order_events_order",
      columns: [t.dataset_id, t.order_id],
      foreignColumns: [orders.dataset_id, orders.id],
    }),
    amountRange("order_events_amount", t.amount),
    amountRange("order_events_rewards_amount", t.rewards_amount),
  ],
);

export const orderEventLines = sqliteTable(
  "order_event_lines",
  {
    dataset_id: integer().notNull(),
    order_event_id: text().notNull(),
    position: integer().notNull(),
    ...lineFields,
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.order_event_id, t.position] }),
    foreignKey({
      name: "order_event_lines_order_event",
      columns: [t.dataset_id, t.order_event_id],
      foreignColumns: [orderEvents.dataset_id, orderEvents.order_event_id],
    }).onDelete("cascade"),
    check("order_event_lines_quantity", sql`${t.quantity} >= 1`),
  ],
);

/**
 * The history: one row for each change of an order, never updated. It outlives the order until the dataset is deleted
 * or the retention passes. `version` is the fence against a stale writer: if a change was decided with an outdated
 * version, its batch fails (`insertChange`). The primary key allows each version once.
 */
export const orderChanges = sqliteTable(
  "order_changes",
  {
    dataset_id: datasetId(),
    order_id: text().notNull(),
    version: integer().notNull(),
    change: text({ enum: ORDER_CHANGES }).notNull(),
    order_event_id: text(),
    request_id: text().notNull(),
    changed_at: text().notNull(),
    ...orderedFields,
    ...totalFields,
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.order_id, t.version] }),
    // For the sweep of old history. Partial: other changes have no entry.
    index("order_changes_deleted")
      .on(t.changed_at)
      .where(sql`${t.change} = 'DELETED'`),
  ],
);
