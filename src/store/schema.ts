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
import { FIXTURES } from "../domain/environments.ts";
import type { LedgerTotals, OrderedTotals } from "../domain/ledger-state.ts";
import { MAX_MONEY } from "../domain/money.ts";
import type { Address, Order } from "../domain/orders.ts";
import { ORDER_CHANGES } from "../domain/order-changes.ts";
import { ORDER_EVENT_TYPES, type OrderEvent } from "../domain/order-events.ts";
import type { OrderLine } from "../domain/order-lines.ts";

/*
 * Columns have the contract's field names. Every table but `partners`, `environments` and `datasets` is WITHOUT ROWID
 * (`npm run migration` adds it, Drizzle can't say it): the primary key is then the table itself, which
 * saves one written row per row, and secondary indexes end in the primary key, so they come sorted by
 * `sequence`.
 *
 * What a partner sends is in groups of columns of which none can be missing: a field without a column does
 * not compile. Enumerations have no CHECK, since SQLite would rebuild the table to change it.
 */

const money = () => integer().notNull();
const partnerId = () =>
  integer()
    .notNull()
    .references(() => partners.id);
const datasetId = () =>
  integer()
    .notNull()
    .references(() => datasets.id);
const amountRange = (name: string, column: AnySQLiteColumn) =>
  check(name, sql`${column} between 0 and ${sql.raw(String(MAX_MONEY))}`);

export const partners = sqliteTable("partners", {
  // Never used again after a removal, like an environment's.
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  created_at: text().notNull(),
});

/**
 * A dataset: what an environment's orders belong to, until a reset gives the environment another one. Then this
 * one is closed: nothing reads it or writes to it, and a sweep deletes it.
 */
export const datasets = sqliteTable(
  "datasets",
  {
    // Never used again: an isolate may remember a dataset that is gone, and a ledger its orders.
    id: integer().primaryKey({ autoIncrement: true }),
    partner_id: partnerId(),
    environment_id: integer().notNull().default(0),
    /** The `total` of the unfiltered lists. It changes with each row, so nobody has to count. */
    order_count: integer().notNull().default(0),
    order_event_count: integer().notNull().default(0),
    transaction_count: integer().notNull().default(0),
    /** How much is stored, as `domain/quotas.ts` reckons it. */
    stored_bytes: integer().notNull().default(0),
    closed_at: text(),
    /** When the usage was last compared with the rows. */
    recounted_at: text(),
  },
  (t) => [
    index("datasets_partner_id").on(t.partner_id),
    index("datasets_recounted_at")
      .on(t.recounted_at)
      .where(sql`${t.closed_at} is null`),
    index("datasets_closed_at")
      .on(t.closed_at)
      .where(sql`${t.closed_at} is not null`),
  ],
);

/** What is isolated: keys open an environment, and through it its current dataset. */
export const environments = sqliteTable(
  "environments",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    partner_id: partnerId(),
    name: text(),
    is_strict: integer({ mode: "boolean" }).notNull().default(false),
    fixture: text({ enum: FIXTURES }).notNull().default("empty"),
    created_at: text().notNull(),
    /** None for a partner's first environment, which stays as long as the partner. */
    expires_at: text(),
    /** None once it is deleted or has expired, until a sweep has been here. */
    dataset_id: integer().references(() => datasets.id),
    /** Whether its workbench has faults. */
    has_faults: integer({ mode: "boolean" }).notNull().default(false),
  },
  (t) => [
    index("environments_partner_id").on(t.partner_id),
    index("environments_expires_at")
      .on(t.expires_at)
      .where(sql`${t.expires_at} is not null`),
    // For the sweep, and for the foreign key when a dataset is deleted.
    index("environments_dataset_id").on(t.dataset_id),
  ],
);

export const apiKeys = sqliteTable(
  "api_keys",
  {
    environment_id: integer()
      .notNull()
      .references(() => environments.id),
    /** Counts the environment's keys. */
    id: integer().notNull(),
    /** SHA-256 of the key, in hex. The key itself is nowhere. */
    hash: text().notNull(),
    last_four: text().notNull(),
    created_at: text().notNull(),
    /** The id of the key that made it; none where the operator did. */
    created_by: integer(),
    deleted_at: text(),
    /** To the hour, so that a key costs one written row an hour. */
    last_used_at: text(),
  },
  (t) => [
    primaryKey({ columns: [t.environment_id, t.id] }),
    uniqueIndex("api_keys_hash").on(t.hash),
    // "Is this the last key?", and how many there are: those that were deleted can be any number.
    index("api_keys_active")
      .on(t.environment_id)
      .where(sql`${t.deleted_at} is null`),
  ],
);

/** The fields of an order, but for its lines. */
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

/** The sums of an order's events, in the order and in each entry of its history. */
export const totalFields = {
  captured_amount: money().default(0),
  refunded_amount: money().default(0),
  captured_rewards_amount: money().default(0),
  refunded_rewards_amount: money().default(0),
} satisfies Record<keyof LedgerTotals, unknown>;

/** What the database itself holds each sum to; null for a sum that it got later, as SQLite would build the table anew. */
const checksOfTotals = (
  t: Record<keyof LedgerTotals, AnySQLiteColumn>,
): Record<keyof LedgerTotals, CheckBuilder | null> => ({
  captured_amount: amountRange("orders_captured_amount", t.captured_amount),
  captured_rewards_amount: amountRange("orders_captured_rewards_amount", t.captured_rewards_amount),
  refunded_amount: check(
    "orders_refunded_amount",
    sql`${t.refunded_amount} between 0 and ${t.captured_amount}`,
  ),
  refunded_rewards_amount: check(
    "orders_refunded_rewards_amount",
    sql`${t.refunded_rewards_amount} between 0 and ${t.captured_rewards_amount}`,
  ),
});

/** What was ordered, as an order's history keeps it. */
export const orderedFields = {
  total_order_amount: money().default(0),
  total_rewards_amount: money().default(0),
} satisfies Record<keyof OrderedTotals, unknown>;

export const orders = sqliteTable(
  "orders",
  {
    dataset_id: datasetId(),
    /** The order of arrival, which the lists go by. */
    sequence: integer().notNull(),
    version: integer().notNull(),
    ...orderFields,
    line_count: integer().notNull(),
    content_bytes: integer().notNull().default(0),
    event_count: integer().notNull().default(0),
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

/**
 * The column of a field of a line: a text or an integer, as lines go in and out by SQLite's JSON functions
 * (`order-lines.ts`), which know nothing of what Drizzle makes of other columns.
 */
interface LineColumn<Field> {
  _: {
    data: NonNullable<Field>;
    columnType: "SQLiteText" | "SQLiteInteger";
    notNull: undefined extends Field ? boolean : true;
  };
}

/** The fields of a line, whatever it is a line of. */
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

/** The fields of an event, but for its lines. */
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
    /** The order's when the event was created. */
    payment_method_id: text().notNull(),
    line_count: integer().notNull(),
    content_bytes: integer().notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.sequence] }),
    uniqueIndex("order_events_order_event_id").on(t.dataset_id, t.order_event_id),
    // Partial, so that events without one don't pay for an entry.
    uniqueIndex("order_events_partner_event_id")
      .on(t.dataset_id, t.partner_event_id)
      .where(sql`${t.partner_event_id} is not null`),
    // With the transaction, so that a list by both reads no event that isn't on the page.
    index("order_events_order_id").on(
      t.dataset_id,
      t.order_id,
      t.sequence,
      t.network_transaction_id,
    ),
    index("order_events_network_transaction_id").on(t.dataset_id, t.network_transaction_id),
    // For "is another currency or payment method reported for this transaction?" (reconciliations.ts).
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
 * Every change of an order, one row each, which is never changed. It outlives the order, and goes with the
 * dataset, or when the order was deleted long ago. `version` is the fence against a stale writer: a change that
 * follows another version than the order has gets none, and the whole batch fails (`insertChange`). Behind
 * that, the primary key has one place for each version.
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
    // For the sweep of what was deleted long ago. Partial, so that other changes don't pay for an entry.
    index("order_changes_deleted")
      .on(t.changed_at)
      .where(sql`${t.change} = 'DELETED'`),
  ],
);

/** Where a sweep goes on: it walks through the orders of all environments, a part of them each hour. */
export const sweepPositions = sqliteTable("sweep_positions", {
  name: text({ enum: ["orders"] }).primaryKey(),
  dataset_id: integer().notNull(),
  sequence: integer().notNull(),
});

/** The answers to requests that came with an Idempotency-Key, until the key expires. */
export const idempotencyRecords = sqliteTable(
  "idempotency_records",
  {
    dataset_id: datasetId(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    body: text().notNull(),
    version: integer(),
    created_at: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.key] }),
    // For the sweep, which goes by age.
    index("idempotency_records_created_at").on(t.created_at),
  ],
);
