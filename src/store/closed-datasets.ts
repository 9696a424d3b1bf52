import { sql } from "drizzle-orm";
import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { placeholder, Statement, type Database } from "./database.ts";
import {
  apiKeys,
  environments,
  idempotencyRecords,
  orderChanges,
  orderEventLines,
  orderEvents,
  orderLines,
  orders,
  datasets,
} from "./schema.ts";
import { reconciliations, transactionEvents, transactions } from "./transaction-schema.ts";

/** How many rows one step of a removal deletes, and how many datasets or environments one sweep looks at. */
export const REMOVAL_STEP_ROWS = 1_000;
export const REMOVAL_STEP_ITEMS = 100;

/** What a dataset has: what refers before what is referred to, so that nothing cascades. */
export const DATASET_TABLES = [
  orderEventLines,
  orderEvents,
  orderLines,
  orders,
  orderChanges,
  idempotencyRecords,
  transactionEvents,
  transactions,
  reconciliations,
];

const ids = sql`(select value from json_each(${placeholder("ids")}))`;

/** Deletes some rows of a table that belong to one of these datasets or environments. */
function removal(table: SQLiteTable, owner: "id" | "dataset_id" | "environment_id") {
  const { primaryKeys, columns } = getTableConfig(table);
  const keyColumns = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary);
  const key = sql.join(
    keyColumns.map(({ name }) => sql.identifier(name)),
    sql`, `,
  );
  return Statement.of(
    sql<{ deleted: 1 }>`
      delete from ${table} where (${key}) in (
        select ${key} from ${table} where ${sql.identifier(owner)} in ${ids} limit ${REMOVAL_STEP_ROWS}
      ) returning 1 as deleted`,
  );
}

const ofPartner = sql`partner_id = coalesce(${placeholder("partner_id")}, partner_id)`;
const findClosedDatasets = Statement.of(
  sql<{ id: number }>`
    select id from datasets where closed_at is not null and ${ofPartner}
    order by closed_at limit ${REMOVAL_STEP_ITEMS}`,
);
const findClosed = Statement.of(
  sql<{ id: number }>`
    select id from environments where dataset_id is null and ${ofPartner} limit ${REMOVAL_STEP_ITEMS}`,
);
const removalsOfDatasets = [
  ...DATASET_TABLES.map((table) => removal(table, "dataset_id")),
  removal(datasets, "id"),
];
const removalsOfEnvironments = [removal(apiKeys, "environment_id"), removal(environments, "id")];

/** What a sweep has deleted, and whether there was nothing left to delete. */
export interface Removal {
  deleted_rows: number;
  isDone: boolean;
}

/**
 * Deletes closed datasets, of a partner or of all, in at most so many steps of REMOVAL_STEP_ROWS rows, each a
 * round trip. As nobody can write to a closed dataset, nothing comes after what was deleted.
 */
export async function sweepDatasets(
  db: Database,
  partner_id: number | null,
  steps: number,
): Promise<Removal> {
  const [closed] = await db.run(findClosedDatasets.bind({ partner_id }));
  return remove(db, removalsOfDatasets, idsOf(closed), steps);
}

/** Closed environments, of a partner or of all, whose datasets may be there still. One round trip. */
export async function findClosedEnvironments(
  db: Database,
  partner_id: number | null,
): Promise<number[]> {
  const [closed] = await db.run(findClosed.bind({ partner_id }));
  return idsOf(closed);
}

/** Deletes closed environments with their keys, in steps like the above. */
export function removeEnvironments(db: Database, closed: number[], steps: number) {
  return remove(db, removalsOfEnvironments, closed, steps);
}

const idsOf = (rows: { id: number }[]) => rows.map(({ id }) => id);

async function remove(
  db: Database,
  removals: Statement<{ deleted: 1 }>[],
  owners: number[],
  steps: number,
): Promise<Removal> {
  if (owners.length === 0) return { deleted_rows: 0, isDone: true };
  let deleted_rows = 0;
  let table = 0;
  for (let step = 0; step < steps && table < removals.length; step += 1) {
    const [deleted] = await db.run(removals[table]!.bind({ ids: JSON.stringify(owners) }));
    deleted_rows += deleted.length;
    if (deleted.length < REMOVAL_STEP_ROWS) table += 1;
  }
  return { deleted_rows, isDone: table === removals.length && owners.length < REMOVAL_STEP_ITEMS };
}
