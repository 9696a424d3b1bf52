import { sql } from "drizzle-orm";
import { FINDINGS, type Finding, type NamedReconciliation } from "../domain/reconciliation.ts";
import { DatasetStatement, placeholder } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { pageOf, type Page, type PageRequest } from "./pages.ts";
import {
  isRow,
  SELECTED,
  toReconciliation,
  transactionCount,
  type ReconciliationRow,
} from "./reconciliation-sums.ts";

/** A reconciliation lists at most this many order events, the newest ones. */
const MAX_NAMED_EVENTS = 100;
/** The transactions of at most this many of an order's events are compared, the newest ones. */
const MAX_ORDER_EVENTS = 1_000;
/** The maximum number of transactions that an order is compared with. */
export const MAX_ORDER_TRANSACTIONS = 100;

type NamedRow = ReconciliationRow & { named_events: string };

/** The newest order events of a row `r` and their orders, as a JSON list of pairs of IDs. */
const namedEvents = sql`(
  select json_group_array(json_array(order_event_id, order_id)) from (
    select order_event_id, order_id from order_events indexed by order_events_network_transaction_id
    where dataset_id = r.dataset_id and network_transaction_id = r.network_transaction_id
    order by sequence desc limit ${sql.raw(String(MAX_NAMED_EVENTS))})) as named_events`;

function toNamed(row: NamedRow): NamedReconciliation {
  const named = JSON.parse(row.named_events) as [order_event_id: string, order_id: string][];
  return {
    ...toReconciliation(row),
    order_event_ids: named.map(([id]) => id),
    order_ids: [...new Set(named.map(([, id]) => id))],
  };
}

// Without simulated transactions nothing is compared.
const isCompared = sql`${transactionCount} > 0`;

const selectOfOrder = DatasetStatement.of(
  sql<NamedRow>`
    select ${SELECTED}, ${namedEvents} from reconciliations r
    where dataset_id = ${placeholder("dataset_id")} and ${isCompared} and network_transaction_id in (
      select network_transaction_id from (
        select network_transaction_id, sequence from order_events indexed by order_events_order_id
        where dataset_id = ${placeholder("dataset_id")} and order_id = ${placeholder("order_id")}
        order by sequence desc limit ${sql.raw(String(MAX_ORDER_EVENTS))})
      group by network_transaction_id order by max(sequence) desc
      limit ${sql.raw(String(MAX_ORDER_TRANSACTIONS))})
    order by created_at, network_transaction_id`,
);
const selectOrder = DatasetStatement.of(
  sql<{ id: string }>`
    select id from orders
    where dataset_id = ${placeholder("dataset_id")} and id = ${placeholder("order_id")}`,
);

/** The transactions that an order's newest events name, oldest first; undefined without such an order. One round trip. */
export async function reconcileOrder(
  dataset: Dataset,
  order_id: string,
): Promise<NamedReconciliation[] | undefined> {
  const [[order], rows] = await dataset.run(
    selectOrder.bind(dataset, { order_id }),
    selectOfOrder.bind(dataset, { order_id }),
  );
  return order && rows.map(toNamed);
}

/**
 * All values of the column `findings` that contain this finding, or any finding if it is undefined. The first bit,
 * `unknown_transaction`, never occurs with another.
 */
function bitsWith(finding: Finding | undefined): number[] {
  const all = Array.from({ length: 2 ** (FINDINGS.length - 1) }, (_, rest) =>
    rest === 0 ? 1 : 2 * rest,
  );
  if (finding === undefined) return all;
  const bit = 2 ** FINDINGS.indexOf(finding);
  return all.filter((bits) => (bits & bit) !== 0);
}

/** Sorts after every timestamp and every ID. */
const END = "\u{10ffff}";
const selectCursor = DatasetStatement.of(
  sql<{ created_at: string }>`select created_at from reconciliations where ${isRow}`,
);
const cursorTime = sql`coalesce((select created_at from reconciliations where ${isRow}), ${sql.raw(`'${END}'`)})`;

// One index lookup for each combination of findings, of at most `limit` rows, so that a page reads no agreeing row.
const selectDisagreeing = DatasetStatement.of(
  sql<NamedRow>`
    select ${SELECTED}, ${namedEvents}
    from json_each(${placeholder("bits")}) b cross join reconciliations r
    where r.dataset_id = ${placeholder("dataset_id")} and ${isCompared}
      and r.network_transaction_id in (
        select network_transaction_id from reconciliations
        where dataset_id = ${placeholder("dataset_id")} and findings = b.value and findings <> 0
          and (created_at, network_transaction_id) < (${cursorTime}, ${placeholder("cursor_id")})
        order by created_at desc, network_transaction_id desc limit ${placeholder("limit")})
    order by r.created_at desc, r.network_transaction_id desc limit ${placeholder("limit")}`,
);
const countDisagreeing = DatasetStatement.of(
  sql<{ total: number }>`
    select count(*) as total from reconciliations
    where dataset_id = ${placeholder("dataset_id")} and ${isCompared} and findings <> 0
      and findings in (select value from json_each(${placeholder("bits")}))`,
);
const selectOne = DatasetStatement.of(
  sql<NamedRow>`
    select ${SELECTED}, ${namedEvents} from reconciliations r
    where ${isRow} and ${isCompared}
      and findings in (select value from json_each(${placeholder("bits")}))`,
);

/** Both sides of one network_transaction_id, if it matches the filter. One round trip. */
export async function findReconciliation(
  dataset: Dataset,
  network_transaction_id: string,
  finding: Finding | undefined,
): Promise<NamedReconciliation | undefined> {
  const bits = JSON.stringify(
    finding === undefined ? [0, ...bitsWith(finding)] : bitsWith(finding),
  );
  const [[row]] = await dataset.run(selectOne.bind(dataset, { bits, network_transaction_id }));
  return row && toNamed(row);
}

/** A page of the IDs whose two sides disagree, newest first; undefined if the cursor is unknown. One round trip. */
export async function listDisagreements(
  dataset: Dataset,
  finding: Finding | undefined,
  { limit, starting_after }: PageRequest,
): Promise<Page<NamedReconciliation> | undefined> {
  const bits = JSON.stringify(bitsWith(finding));
  const cursor = { network_transaction_id: starting_after ?? "" };
  const [rows, [counted], [found]] = await dataset.run(
    selectDisagreeing.bind(dataset, {
      bits,
      ...cursor,
      cursor_id: starting_after ?? END,
      limit: limit + 1,
    }),
    countDisagreeing.bind(dataset, { bits }),
    selectCursor.bind(dataset, cursor),
  );
  if (starting_after !== undefined && !found) return undefined;
  return pageOf(rows.map(toNamed), limit, counted!.total);
}
