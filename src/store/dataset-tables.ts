import { sql, type SQL } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { CHANGE_BYTES, RECORD_BYTES } from "../domain/stored-bytes.ts";
import { orderChanges, orderEventLines, orderEvents, orderLines, orders } from "./order-schema.ts";
import { idempotencyRecords } from "./schema.ts";
import {
  notificationOutbox,
  reconciliations,
  transactionEvents,
  transactions,
} from "./transaction-schema.ts";

/** A table whose rows belong to datasets. */
interface DatasetTable {
  table: SQLiteTable;
  /** The bytes of a row that count towards the quota; null if they count in another table, or not at all. */
  bytes: SQL | null;
}

/**
 * All tables of a dataset's rows. A referring table comes before the table that it refers to, so that no delete
 * cascades.
 */
export const DATASET_TABLES: DatasetTable[] = [
  { table: orderEventLines, bytes: null },
  { table: orderEvents, bytes: sql`content_bytes` },
  { table: orderLines, bytes: null },
  { table: orders, bytes: sql`content_bytes` },
  { table: orderChanges, bytes: sql`${CHANGE_BYTES}` },
  { table: idempotencyRecords, bytes: sql`${RECORD_BYTES} + octet_length(body)` },
  { table: transactionEvents, bytes: sql`content_bytes` },
  { table: transactions, bytes: sql`content_bytes` },
  { table: reconciliations, bytes: null },
  { table: notificationOutbox, bytes: null },
];
