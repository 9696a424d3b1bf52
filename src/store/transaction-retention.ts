import { sql } from "drizzle-orm";
import type { Transaction } from "../domain/transactions.ts";
import { placeholder, Statement, type Database } from "./database.ts";
import type { SweepPosition } from "./sweep-positions.ts";

/** The maximum number of transactions that one step reads. */
const STEP_TRANSACTIONS = 200;
/** A step ends with the transaction that reaches this number of events. */
const STEP_EVENTS = 1_000;

/** The fields of a transaction that the sweep reads. */
interface SweptTransaction extends Pick<
  Transaction,
  "id" | "version" | "network_transaction_id" | "updated_at"
> {
  dataset_id: number;
}

// `version` counts the events of a transaction.
const selectNext = Statement.of(
  sql<SweptTransaction>`
    select dataset_id, id, version, network_transaction_id, updated_at from (
      select *, sum(version) over (order by dataset_id, id) - version as events_before from (
        select dataset_id, id, version, network_transaction_id, updated_at from transactions
        where (dataset_id, id) > (${placeholder("dataset_id")}, ${placeholder("id")})
        order by dataset_id, id limit ${STEP_TRANSACTIONS}))
    where events_before < ${STEP_EVENTS} order by dataset_id, id`,
);
/** The transactions after a position, with a bounded number of events. One round trip. */
export async function findTransactionsAfter(
  db: Database,
  { dataset_id, transaction_id: id }: Pick<SweepPosition, "dataset_id" | "transaction_id">,
): Promise<SweptTransaction[]> {
  const [transactions] = await db.run(selectNext.bind({ dataset_id, id }));
  return transactions;
}

// Transactions that still have the version that the sweep read, and that no order event names. CROSS JOIN keeps the
// order of the tables, whatever SQLite's statistics say.
const unused = sql`
  select transactions.* from json_each(${placeholder("transactions")}) as seen
  cross join transactions on transactions.dataset_id = seen.value ->> 'dataset_id'
    and transactions.id = seen.value ->> 'id'
    and transactions.version = seen.value ->> 'version'
  cross join reconciliations on reconciliations.dataset_id = transactions.dataset_id
    and reconciliations.network_transaction_id = transactions.network_transaction_id
    and event_count = 0`;
const unusedIds = sql`select dataset_id, id from (${unused})`;

const removals = [
  sql`
    update datasets set transaction_count = transaction_count - removed.transactions,
      stored_bytes = stored_bytes - removed.bytes
    from (
      select dataset_id, count(*) as transactions, sum(content_bytes + (
          select sum(content_bytes) from transaction_events
          where transaction_events.dataset_id = unused.dataset_id and transaction_id = unused.id)) as bytes
      from (${unused}) as unused group by dataset_id) as removed
    where datasets.id = removed.dataset_id`,
  sql`delete from transaction_events where (dataset_id, transaction_id) in (${unusedIds})`,
  sql`delete from transactions where (dataset_id, id) in (${unusedIds}) returning id`,
  sql`
    delete from reconciliations
    where event_count = 0 and (dataset_id, network_transaction_id) in (
      select seen.value ->> 'dataset_id', seen.value ->> 'network_transaction_id'
      from json_each(${placeholder("transactions")}) as seen)
      and not exists (
        select 1 from transactions where transactions.dataset_id = reconciliations.dataset_id
          and transactions.id = reconciliations.transaction_id)`,
].map((statement) => Statement.of(statement as ReturnType<typeof sql<{ id: string }>>));

/** The D1 queries of `removeUnused`. */
export const REMOVAL_QUERIES = removals.length;

/**
 * Deletes transactions with their events and sums, except those that changed since they were read, and those that order
 * events name. Returns how many it deleted. One round trip.
 */
export async function removeUnused(
  db: Database,
  transactions: SweptTransaction[],
): Promise<number> {
  const values = { transactions: JSON.stringify(transactions) };
  const [, , deleted] = await db.run(...removals.map((removal) => removal.bind(values)));
  return deleted!.length;
}
