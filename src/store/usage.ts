import { sql } from "drizzle-orm";
import { NO_USAGE, QUOTAS, type Quota, type Usage } from "../domain/quotas.ts";
import {
  placeholder,
  DatasetStatement,
  Statement,
  type BoundDatasetStatement,
  type Database,
} from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { datasets } from "./schema.ts";

/** The column of a dataset that counts towards each quota. */
const COLUMNS = {
  orders: datasets.order_count,
  order_events: datasets.order_event_count,
  transactions: datasets.transaction_count,
  bytes: datasets.stored_bytes,
} as const satisfies Record<Quota, unknown>;

const columnOf = (quota: Quota) => sql.identifier(COLUMNS[quota].name);

const totalOf = (quota: Quota) => sql<number>`(
  select ${columnOf(quota)} from datasets where id = ${placeholder("dataset_id")})`;

/** The totals of a dataset's unfiltered lists. */
export const orderTotal = totalOf("orders");
export const orderEventTotal = totalOf("order_events");

const add = DatasetStatement.of(
  sql<never>`
    update datasets set
      order_count = order_count + ${placeholder("orders")},
      order_event_count = order_event_count + ${placeholder("order_events")},
      transaction_count = transaction_count + ${placeholder("transactions")},
      stored_bytes = stored_bytes + ${placeholder("bytes")}
    where id = ${placeholder("dataset_id")}`,
);

/**
 * The sums over a partner's datasets, closed ones included: they fill the database too. It reads a bounded number of
 * rows: a partner has at most MAX_ENVIRONMENTS environments and MAX_CLOSED_DATASETS closed datasets. INDEXED BY,
 * because with statistics of a small table SQLite would read the datasets of all partners.
 */
const used = sql<Usage>`
  select sum(order_count) as orders, sum(order_event_count) as order_events,
    sum(transaction_count) as transactions, sum(stored_bytes) as bytes
  from datasets indexed by datasets_partner_id where partner_id = (
    select partner_id from datasets where id = ${placeholder("dataset_id")})`;

/** Adds to a count. Beyond the quota, the count becomes NULL, which the column rejects. */
const within = (quota: Quota) => {
  const column = columnOf(quota);
  const [added, limit] = [placeholder(quota), placeholder(`${quota}_quota`)];
  return sql`${column} = iif(
    ${added} > 0 and used.${sql.identifier(quota)} + ${added} > ${limit}, null, ${column} + ${added})`;
};

const addWithinQuotas = DatasetStatement.of(
  sql<never>`
    update datasets set ${within("orders")}, ${within("order_events")},
      ${within("transactions")}, ${within("bytes")}
    from (${used}) as used where id = ${placeholder("dataset_id")}`,
);

/**
 * Adds a batch's changes to a dataset's usage. The batch fails if an addition exceeds a quota of the partner (see
 * `exceededQuota`). A removal is always possible.
 */
export function countUsage(dataset: Dataset, added: Partial<Usage>): BoundDatasetStatement {
  const values = { ...NO_USAGE, ...added };
  const isRemoval = values.orders < 0 || values.order_events < 0 || values.transactions < 0;
  if (!dataset.quotas || isRemoval) return add.bind(dataset, values);
  const { orders, order_events, transactions, bytes } = dataset.quotas;
  return addWithinQuotas.bind(dataset, {
    ...values,
    orders_quota: orders,
    order_events_quota: order_events,
    transactions_quota: transactions,
    bytes_quota: bytes,
  });
}

/** The log reports a partner above this part of a quota. */
const NEAR = 0.8;

const selectNear = Statement.of(
  sql<Usage & { partner_id: number }>`
    select partner_id, sum(order_count) as orders, sum(order_event_count) as order_events,
      sum(transaction_count) as transactions, sum(stored_bytes) as bytes
    from datasets group by partner_id
    having orders > ${placeholder("orders")} or order_events > ${placeholder("order_events")}
      or transactions > ${placeholder("transactions")}
      or bytes > ${placeholder("bytes")}`,
);

/** The partners that are close to a quota. One round trip, one row for each dataset. */
export async function findUsageNearQuotas(
  db: Database,
  quotas: Usage | undefined,
): Promise<{ partner_id: number; quota: Quota; used: number; limit: number }[]> {
  if (!quotas) return [];
  const near = Object.fromEntries(QUOTAS.map((quota) => [quota, quotas[quota] * NEAR]));
  const [partners] = await db.run(selectNear.bind(near));
  return partners.flatMap(({ partner_id, ...usage }) =>
    QUOTAS.filter((quota) => usage[quota] > near[quota]!).map((quota) => ({
      partner_id,
      quota,
      used: usage[quota],
      limit: quotas[quota],
    })),
  );
}

const selectUsage = DatasetStatement.of(used);

/** The usage of an environment's partner, over all its datasets. One round trip. */
export async function findUsage(dataset: Dataset): Promise<Usage> {
  const [[usage]] = await dataset.run(selectUsage.bind(dataset));
  return usage ?? NO_USAGE;
}
