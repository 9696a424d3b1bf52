import { sql } from "drizzle-orm";
import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { placeholder, Statement, type Database } from "./database.ts";
import { DATASET_TABLES } from "./dataset-tables.ts";
import type { QueryBudget } from "./query-budget.ts";
import { list } from "./rows.ts";
import { apiKeys, datasets, environments } from "./schema.ts";

/** The maximum number of rows that one statement deletes. */
export const REMOVAL_STEP_ROWS = 1_000;
/** The maximum number of datasets and environments that one sweep deletes. */
const MAX_DATASETS = 500;
const MAX_ENVIRONMENTS = 100;

const ids = sql`(select value from json_each(${placeholder("ids")}))`;

/** Deletes up to REMOVAL_STEP_ROWS rows of a table that belong to one of these datasets or environments. */
function removal(table: SQLiteTable, owner: "id" | "dataset_id" | "environment_id") {
  const { primaryKeys, columns } = getTableConfig(table);
  const keyColumns = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary);
  const key = list(keyColumns.map(({ name }) => sql`${sql.identifier(name)}`));
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
    order by closed_at limit ${MAX_DATASETS}`,
);
const findClosed = Statement.of(
  sql<{ id: number }>`
    select id from environments where dataset_id is null and ${ofPartner}
    order by id limit ${MAX_ENVIRONMENTS}`,
);
const datasetRemovals = [
  ...DATASET_TABLES.map(({ table }) => removal(table, "dataset_id")),
  removal(datasets, "id"),
];
const environmentRemovals = [removal(apiKeys, "environment_id"), removal(environments, "id")];

/** The result of a sweep. */
export interface Removal {
  deleted_rows: number;
  /** Whether no rows are left to delete. */
  isDone: boolean;
}

/** Deletes closed datasets, oldest first, of all partners if `partner_id` is null. Nothing writes to them. */
export async function removeClosedDatasets(
  budget: QueryBudget,
  partner_id: number | null,
): Promise<Removal> {
  const [closed] = await budget.db.run(findClosedDatasets.bind({ partner_id }));
  const { deleted_rows, isDone } = await remove(budget, datasetRemovals, idsOf(closed));
  return { deleted_rows, isDone: isDone && closed.length < MAX_DATASETS };
}

/** Closed environments, of all partners if `partner_id` is null. Their datasets may still exist. One round trip. */
export async function findClosedEnvironments(
  db: Database,
  partner_id: number | null,
): Promise<number[]> {
  const [closed] = await db.run(findClosed.bind({ partner_id }));
  return idsOf(closed);
}

/** Deletes closed environments with their keys. */
export async function removeEnvironments(budget: QueryBudget, closed: number[]): Promise<Removal> {
  const { deleted_rows, isDone } = await remove(budget, environmentRemovals, closed);
  return { deleted_rows, isDone: isDone && closed.length < MAX_ENVIRONMENTS };
}

const idsOf = (rows: { id: number }[]) => rows.map(({ id }) => id);

async function remove(
  budget: QueryBudget,
  removals: Statement<{ deleted: 1 }>[],
  owners: number[],
): Promise<Removal> {
  if (owners.length === 0) return { deleted_rows: 0, isDone: true };
  let deleted_rows = 0;
  let table = 0;
  while (table < removals.length && budget.allows(1)) {
    const [deleted] = await budget.db.run(removals[table]!.bind({ ids: JSON.stringify(owners) }));
    deleted_rows += deleted.length;
    if (deleted.length < REMOVAL_STEP_ROWS) table += 1;
  }
  return { deleted_rows, isDone: table === removals.length };
}
