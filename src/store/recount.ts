import { getTableName, sql, type SQL } from "drizzle-orm";
import { QUOTAS, type Usage } from "../domain/quotas.ts";
import { placeholder, Statement } from "./database.ts";
import { DATASET_TABLES } from "./dataset-tables.ts";
import type { QueryBudget } from "./query-budget.ts";

/** The maximum number of datasets that one job recounts. */
const MAX_RECOUNTED_DATASETS = 100;
/** The D1 queries for the recount of one dataset. */
const RECOUNT_QUERIES = 2;

const findOldest = Statement.of(
  sql<{ id: number }>`
    select id from datasets indexed by datasets_recounted_at
    where closed_at is null order by recounted_at limit ${MAX_RECOUNTED_DATASETS}`,
);

const isIn = sql`dataset_id = ${placeholder("dataset_id")}`;
/** For each table whose bytes count towards the quota: a query that counts a dataset's rows and adds up their bytes. */
const counts = DATASET_TABLES.flatMap(({ table, bytes }) => {
  if (!bytes) return [];
  const rows = sql`select count(*) as items, coalesce(sum(${bytes}), 0) as bytes from ${table} where ${isIn}`;
  return { name: sql.identifier(getTableName(table)), rows };
});
const inEach = (write: (count: (typeof counts)[number]) => SQL, separator: SQL) =>
  sql.join(counts.map(write), separator);
/** The usage of a dataset. It reads each row once. */
const recount = sql`
  select orders.items as orders, order_events.items as order_events, transactions.items as transactions,
    ${inEach(({ name }) => sql`${name}.bytes`, sql` + `)} as bytes
  from ${inEach(({ name, rows }) => sql`(${rows}) as ${name}`, sql`, `)}`;

const usage = sql`order_count as orders, order_event_count as order_events,
  transaction_count as transactions, stored_bytes as bytes`;

const selectStored = Statement.of(
  sql<Usage & { partner_id: number }>`
    select partner_id, ${usage} from datasets where id = ${placeholder("dataset_id")}`,
);
const correct = Statement.of(
  sql<Usage>`
    update datasets set order_count = counted.orders, order_event_count = counted.order_events,
      transaction_count = counted.transactions, stored_bytes = counted.bytes, recounted_at = ${placeholder("now")}
    from (${recount}) as counted where id = ${placeholder("dataset_id")}
    returning ${usage}`,
);

/** A dataset whose stored usage differed from its rows. */
export interface Miscount {
  partner_id: number;
  dataset_id: number;
  stored: Usage;
  counted: Usage;
}

/** Recounts the datasets that were recounted longest ago, and corrects their usage. Returns the miscounted ones. */
export async function recountUsage(budget: QueryBudget, now: string): Promise<Miscount[]> {
  const miscounts: Miscount[] = [];
  if (!budget.allows(1 + RECOUNT_QUERIES)) return miscounts;
  const [oldest] = await budget.db.run(findOldest.bind());
  for (const { id: dataset_id } of oldest) {
    if (!budget.allows(RECOUNT_QUERIES)) break;
    // One transaction, so that no write comes between the stored usage and its correction.
    const [[found], [counted]] = await budget.db.run(
      selectStored.bind({ dataset_id }),
      correct.bind({ dataset_id, now }),
    );
    if (!found || !counted) continue;
    const { partner_id, ...stored } = found;
    if (QUOTAS.every((quota) => stored[quota] === counted[quota])) continue;
    miscounts.push({ partner_id, dataset_id, stored, counted });
  }
  return miscounts;
}
