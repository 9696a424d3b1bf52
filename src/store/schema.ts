import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { Assumptions } from "../domain/assumptions.ts";
import { FIXTURES } from "../domain/environments.ts";
import type { StoredVerdicts } from "../domain/readiness/stored-verdicts.ts";

/*
 * Columns have the contract's field names. Every table except `partners`, `environments` and `datasets` is WITHOUT
 * ROWID, which `npm run migration` adds. Such a table has no separate primary key index, which saves one written row per
 * insert. Its secondary indexes end in the primary key, so those of orders and events are sorted by `sequence`.
 *
 * The columns of orders, events and lines are type-checked: a field of the domain without a column doesn't compile.
 * Enumerations have no CHECK, since SQLite would rebuild the table to change it.
 */

export const money = () => integer().notNull();
const partnerId = () =>
  integer()
    .notNull()
    .references(() => partners.id);
export const datasetId = () =>
  integer()
    .notNull()
    .references(() => datasets.id);

export const partners = sqliteTable("partners", {
  // Never reused after a deletion.
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  created_at: text().notNull(),
});

/**
 * All rows of an environment belong to its dataset. A reset gives the environment a new one and closes the old one:
 * nothing reads it or writes to it any more, and a sweep deletes it.
 */
export const datasets = sqliteTable(
  "datasets",
  {
    // Never reused: an isolate may still cache a deleted dataset, and a ledger may still remember an order in it.
    id: integer().primaryKey({ autoIncrement: true }),
    partner_id: partnerId(),
    environment_id: integer().notNull().default(0),
    /** The `total` of the unfiltered lists. Each write updates it, so that no list has to count. */
    order_count: integer().notNull().default(0),
    order_event_count: integer().notNull().default(0),
    transaction_count: integer().notNull().default(0),
    /** The bytes of its rows, as `domain/stored-bytes.ts` counts them. */
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

/** The unit of isolation. A key gives access to one environment and its current dataset. */
export const environments = sqliteTable(
  "environments",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    partner_id: partnerId(),
    name: text(),
    is_strict: integer({ mode: "boolean" }).notNull().default(false),
    fixture: text({ enum: FIXTURES }).notNull().default("empty"),
    /** Null for the defaults. */
    assume: text({ mode: "json" }).$type<Assumptions>(),
    created_at: text().notNull(),
    /** Null for a partner's first environment, which never expires. */
    expires_at: text(),
    /** Null once the environment is deleted or has expired, until a sweep deletes the row. */
    dataset_id: integer().references(() => datasets.id),
    has_faults: integer({ mode: "boolean" }).notNull().default(false),
    has_webhooks: integer({ mode: "boolean" }).notNull().default(false),
  },
  (t) => [
    index("environments_partner_id").on(t.partner_id),
    index("environments_expires_at")
      .on(t.expires_at)
      .where(sql`${t.expires_at} is not null`),
    // For the sweep, and for the foreign key of a deleted dataset.
    index("environments_dataset_id").on(t.dataset_id),
  ],
);

/**
 * The readiness verdicts on deleted and expired environments: one row per partner, with the latest passed and the latest
 * failed verdict of each check.
 */
export const readinessVerdicts = sqliteTable(
  "readiness_verdicts",
  {
    partner_id: partnerId(),
    verdicts: text({ mode: "json" }).$type<StoredVerdicts>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.partner_id] })],
);

export const apiKeys = sqliteTable(
  "api_keys",
  {
    environment_id: integer()
      .notNull()
      .references(() => environments.id),
    /** The number of the key within its environment. */
    id: integer().notNull(),
    /** SHA-256 of the key, in hex. The key itself is not stored. */
    hash: text().notNull(),
    last_four: text().notNull(),
    created_at: text().notNull(),
    /** The ID of the key that created it; null if no key of its environment did. */
    created_by: integer(),
    deleted_at: text(),
    /** Rounded down to the hour, so that a key causes at most one written row an hour. */
    last_used_at: text(),
  },
  (t) => [
    primaryKey({ columns: [t.environment_id, t.id] }),
    uniqueIndex("api_keys_hash").on(t.hash),
    // Finds and counts active keys without reading deleted ones.
    index("api_keys_active")
      .on(t.environment_id)
      .where(sql`${t.deleted_at} is null`),
  ],
);

/** Where a sweep continues: it walks through the orders or transactions of all environments, a part each hour. */
export const sweepPositions = sqliteTable("sweep_positions", {
  name: text({ enum: ["orders", "transactions"] }).primaryKey(),
  dataset_id: integer().notNull(),
  /** The last order's `sequence`. Only the sweep of orders uses it. */
  sequence: integer().notNull(),
  /** The last transaction's ID. Only the sweep of transactions uses it. */
  transaction_id: text(),
});

/** The responses to requests with an Idempotency-Key, until the key expires. */
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
    // For the sweep, which deletes the oldest first.
    index("idempotency_records_created_at").on(t.created_at),
  ],
);
