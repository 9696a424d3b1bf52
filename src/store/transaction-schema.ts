import { sql } from "drizzle-orm";
import {
  foreignKey,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import {
  PURCHASE_METHODS,
  TRANSACTION_STATUSES,
  type Merchant,
  type Transaction,
  type TransactionEvent,
  type TransactionEventInput,
} from "../domain/transactions.ts";
import { datasetId, money } from "./schema.ts";

export const transactionFields = {
  /** Time-ordered (UUIDv7), so that the primary key sorts transactions by arrival. */
  id: text().notNull(),
  customer_id: text().notNull(),
  payment_method_id: text().notNull(),
  currency: text().notNull(),
  status: text({ enum: TRANSACTION_STATUSES }).notNull(),
  network_transaction_id: text().notNull(),
  authorization_code: text(),
  purchase_method: text({ enum: PURCHASE_METHODS }),
  merchant: text({ mode: "json" }).$type<Merchant>(),
  authorized_amount: money(),
  captured_amount: money(),
  refunded_amount: money(),
  /** The fence: an event that was decided with an outdated version sets it to NULL, so that the batch fails. */
  version: integer().notNull(),
  created_at: text().notNull(),
  updated_at: text().notNull(),
} satisfies Record<keyof Transaction, unknown>;

export const transactions = sqliteTable(
  "transactions",
  {
    dataset_id: datasetId(),
    ...transactionFields,
    /** Whether the partner sent the customer's ID. Otherwise it is derived. */
    is_customer_given: integer({ mode: "boolean" }).notNull(),
    content_bytes: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.id] }),
    index("transactions_customer_id").on(t.dataset_id, t.customer_id),
    index("transactions_payment_method_id")
      .on(t.dataset_id, t.payment_method_id)
      .where(sql`${t.is_customer_given} = 1`),
  ],
);

export const transactionEventFields = {
  event_id: text().notNull(),
  transaction_id: text().notNull(),
  version: integer().notNull(),
  status: text({ enum: TRANSACTION_STATUSES }).notNull(),
  amount: money(),
  captured_event_id: text(),
  refunded_amount: money(),
  created_at: text().notNull(),
  input: text({ mode: "json" }).$type<TransactionEventInput>().notNull(),
} satisfies Record<keyof TransactionEvent, unknown>;

export const transactionEvents = sqliteTable(
  "transaction_events",
  {
    dataset_id: integer().notNull(),
    ...transactionEventFields,
    is_id_given: integer({ mode: "boolean" }).notNull(),
    content_bytes: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.transaction_id, t.event_id] }),
    // Only for IDs that the partner chose: generated ones don't repeat.
    uniqueIndex("transaction_events_event_id")
      .on(t.dataset_id, t.event_id)
      .where(sql`${t.is_id_given} = 1`),
    foreignKey({
      name: "transaction_events_transaction",
      columns: [t.dataset_id, t.transaction_id],
      foreignColumns: [transactions.dataset_id, transactions.id],
    }),
  ],
);

/** The bits of `findings`, in the order of `FINDINGS`. They are the rules of `domain/reconciliation.ts` in SQL. */
const FINDING_BITS = sql.raw(`
  (transaction_id is null and event_count > 0)
  + 2 * ((card_captured > 0 and event_captured = 0) or (card_refunded > 0 and event_refunded = 0))
  + 4 * ((card_captured > 0 and event_captured > 0 and card_captured <> event_captured)
    or (card_refunded > 0 and event_refunded > 0 and card_refunded <> event_refunded))
  + 8 * (transaction_id is not null and has_other_currency)
  + 16 * (transaction_id is not null and has_other_payment_method)
  + 32 * (coalesce(card_status, '') = 'VOIDED' and event_count > 0)`);

/**
 * The amounts captured and refunded for each network_transaction_id: by the card, and according to order events. Each
 * write updates one row, so that a list of disagreements doesn't sum events.
 */
export const reconciliations = sqliteTable(
  "reconciliations",
  {
    dataset_id: datasetId(),
    network_transaction_id: text().notNull(),
    created_at: text().notNull(),
    /** Null without a card transaction, as are the next three columns. */
    transaction_id: text(),
    card_status: text({ enum: TRANSACTION_STATUSES }),
    card_currency: text(),
    card_payment_method_id: text(),
    card_captured: money().default(0),
    card_refunded: money().default(0),
    event_captured: money().default(0),
    event_refunded: money().default(0),
    event_count: integer().notNull().default(0),
    has_other_currency: integer().notNull().default(0),
    has_other_payment_method: integer().notNull().default(0),
    findings: integer().generatedAlwaysAs(FINDING_BITS, { mode: "virtual" }),
  },
  (t) => [
    primaryKey({ columns: [t.dataset_id, t.network_transaction_id] }),
    // Partial: agreeing rows have no entry.
    index("reconciliations_findings")
      .on(t.dataset_id, t.findings, t.created_at)
      .where(sql`${t.findings} <> 0`),
  ],
);

/**
 * Notifications of simulated events, until the workbench has them. A row commits in the batch of its event, so that
 * neither exists without the other.
 */
export const notificationOutbox = sqliteTable(
  "notification_outbox",
  {
    dataset_id: integer().notNull(),
    /** Numbers the dataset's queued rows by arrival. Starts again at 1 once none is queued. */
    sequence: integer().notNull(),
    /** The event, by which the workbench recognizes a row that it already has. */
    source: text().notNull(),
    body: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.dataset_id, t.sequence] })],
);
