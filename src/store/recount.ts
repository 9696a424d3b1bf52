import { sql } from "drizzle-orm";
import { QUOTAS, type Quota, type Usage } from "../domain/quotas.ts";
import { placeholder, Statement } from "./database.ts";
import { DATASET_TABLES } from "./dataset-tables.ts";
import type { QueryBudget } from "./query-budget.ts";

/** The most datasets that one job recounts. */
const MAX_RECOUNTED_DATASETS = 100;
/** The D1 queries for the recount of one dataset. */
const RECOUNT_QUERIES = 2;

const findOldest = Statement.of(
  sql<{ id: number }>`
    select id from datasets indexed by datasets_recounted_at
    where closed_at is null order by recounted_at limit ${MAX_RECOUNTED_DATASETS}`,
);

const isIn = sql`dataset_id = ${placeholder("dataset_id")}`;
const storedBytes = sql.join(
  DATASET_TABLES.flatMap(({ table, bytes }) =>
    bytes ? sql`(select coalesce(sum(${bytes}), 0) from ${table} where ${isIn})` : [],
  ),
  sql` + `,
);
/** The rows of a dataset, counted. */
const recount = sql<Usage>`
  select
    (select count(*) from orders where ${isIn}) as orders,
    (select count(*) from order_events where ${isIn}) as order_events,
    (select count(*) from transactions where ${isIn}) as transactions,
    ${storedBytes} as bytes`;

const selectCounts = Statement.of(
  sql<{ partner_id: number } & Record<keyof Usage | `counted_${keyof Usage}`, number>>`
    select partner_id, order_count as orders, order_event_count as order_events,
      transaction_count as transactions, stored_bytes as bytes,
      counted.orders as counted_orders, counted.order_events as counted_order_events,
      counted.transactions as counted_transactions, counted.bytes as counted_bytes
    from datasets, (${recount}) as counted where id = ${placeholder("dataset_id")}`,
);
const correctCounts = Statement.of(
  sql<never>`
    update datasets set order_count = counted.orders, order_event_count = counted.order_events,
      transaction_count = counted.transactions, stored_bytes = counted.bytes, recounted_at = ${placeholder("now")}
    from (${recount}) as counted where id = ${placeholder("dataset_id")}`,
);

/** A dataset whose stored usage differed from its rows. */
export interface Miscount {
  partner_id: number;
  dataset_id: number;
  stored: Usage;
  counted: Usage;
}

/** Recounts the datasets with the oldest recounts, and corrects their stored usage. Returns the miscounted ones. */
export async function recountUsage(budget: QueryBudget, now: string): Promise<Miscount[]> {
  const miscounts: Miscount[] = [];
  if (!budget.allows(1 + RECOUNT_QUERIES)) return miscounts;
  const [oldest] = await budget.db.run(findOldest.bind());
  for (const { id: dataset_id } of oldest) {
    if (!budget.allows(RECOUNT_QUERIES)) break;
    // One transaction, so that no write comes between the count and its correction.
    const [[found]] = await budget.db.run(
      selectCounts.bind({ dataset_id }),
      correctCounts.bind({ dataset_id, now }),
    );
    if (!found || QUOTAS.every((quota) => found[quota] === found[`counted_${quota}`])) continue;
    const counted = usageOf((quota) => found[`counted_${quota}`]);
    const stored = usageOf((quota) => found[quota]);
    miscounts.push({ partner_id: found.partner_id, dataset_id, stored, counted });
  }
  return miscounts;
}

const usageOf = (amountOf: (quota: Quota) => number) =>
  Object.fromEntries(QUOTAS.map((quota) => [quota, amountOf(quota)])) as Usage;
