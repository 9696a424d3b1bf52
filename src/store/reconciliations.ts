import { sql, type SQL } from "drizzle-orm";
import type { OrderEvent } from "../domain/order-events.ts";
import {
  FINDINGS,
  type CardSide,
  type Finding,
  type NamedReconciliation,
  type Reconciliation,
} from "../domain/reconciliation.ts";
import type { Transaction } from "../domain/transactions.ts";
import { DatasetStatement, placeholder, type BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { pageOf, type Page, type PageRequest } from "./pages.ts";

/** The newest order events that a reconciliation names. */
const MAX_NAMED_EVENTS = 100;
/** The newest events of an order whose transactions are compared. */
const MAX_ORDER_EVENTS = 1_000;

interface Row {
  network_transaction_id: string;
  transaction_id: string | null;
  card_status: CardSide["status"] | null;
  card_currency: string | null;
  card_payment_method_id: string | null;
  card_captured: number;
  card_refunded: number;
  event_captured: number;
  event_refunded: number;
  event_count: number;
  has_other_currency: number;
  has_other_payment_method: number;
}

const SELECTED = sql.raw(`
  network_transaction_id, transaction_id, card_status, card_currency, card_payment_method_id,
  card_captured, card_refunded, event_captured, event_refunded, event_count,
  has_other_currency, has_other_payment_method`);

const isRow = sql`
  dataset_id = ${placeholder("dataset_id")}
  and network_transaction_id = ${placeholder("network_transaction_id")}`;

const transactionCount = sql`(
  select transaction_count from datasets where id = ${placeholder("dataset_id")})`;

/** Whether a reported event is in another currency than the card's. Two seeks, however many events there are. */
const otherCurrency = (card_currency: SQL) => sql`(
  exists (select 1 from order_events where ${isRow} and currency < ${card_currency})
  or exists (select 1 from order_events where ${isRow} and currency > ${card_currency}))`;

/** Whether a reported event in the card's currency belongs to another payment method. Two seeks. */
const otherPaymentMethod = (card_currency: SQL, card_payment_method_id: SQL) => sql`(
  exists (select 1 from order_events where ${isRow} and currency = ${card_currency}
    and payment_method_id < ${card_payment_method_id})
  or exists (select 1 from order_events where ${isRow} and currency = ${card_currency}
    and payment_method_id > ${card_payment_method_id}))`;

const addEvent = DatasetStatement.of(
  sql<Row & { transaction_count: number }>`
    insert into reconciliations (
      dataset_id, network_transaction_id, created_at, event_captured, event_refunded, event_count)
    values (
      ${placeholder("dataset_id")}, ${placeholder("network_transaction_id")}, ${placeholder("now")},
      ${placeholder("captured")}, ${placeholder("refunded")}, 1)
    on conflict (dataset_id, network_transaction_id) do update set
      event_captured = event_captured + excluded.event_captured,
      event_refunded = event_refunded + excluded.event_refunded,
      event_count = event_count + 1,
      has_other_currency = has_other_currency
        or coalesce(card_currency <> ${placeholder("currency")}, 0),
      has_other_payment_method = has_other_payment_method
        or coalesce(card_currency = ${placeholder("currency")}
          and card_payment_method_id <> ${placeholder("payment_method_id")}, 0)
    returning ${SELECTED}, ${transactionCount} as transaction_count`,
);

/** Counts an order event that the same batch adds. Returns the sums of its network_transaction_id. */
export function countOrderEvent(
  dataset: Dataset,
  { event, payment_method_id, now }: { event: OrderEvent; payment_method_id: string; now: string },
) {
  const { network_transaction_id, currency } = event;
  return addEvent.bind(dataset, {
    network_transaction_id,
    currency,
    payment_method_id,
    now,
    ...sumsOf(event),
  });
}

const removeLastEvent = DatasetStatement.of(
  sql<unknown>`
    delete from reconciliations where ${isRow} and event_count = 1 and transaction_id is null`,
);
const removeEvent = DatasetStatement.of(
  sql<unknown>`
    update reconciliations set
      event_captured = event_captured - ${placeholder("captured")},
      event_refunded = event_refunded - ${placeholder("refunded")},
      event_count = event_count - 1,
      has_other_currency = ${otherCurrency(sql`card_currency`)},
      has_other_payment_method = ${otherPaymentMethod(sql`card_currency`, sql`card_payment_method_id`)}
    where ${isRow}`,
);

/** Takes an order event out of the sums. Comes after the statement that deletes the event. */
export function uncountOrderEvent(dataset: Dataset, event: OrderEvent): BoundDatasetStatement[] {
  const { network_transaction_id } = event;
  return [
    removeLastEvent.bind(dataset, { network_transaction_id }),
    removeEvent.bind(dataset, { network_transaction_id, ...sumsOf(event) }),
  ];
}

/**
 * Takes many order events out of the sums, before they are deleted. `selection` is a condition on `order_events`.
 * A stale flag about currencies or payment methods stays until the last event is gone.
 */
export function eventsUncounted(selection: SQL): [SQL<never>, SQL<never>] {
  return [
    sql`
      update reconciliations set event_captured = event_captured - removed.captured,
        event_refunded = event_refunded - removed.refunded,
        event_count = event_count - removed.events,
        has_other_currency = iif(event_count = removed.events, 0, has_other_currency),
        has_other_payment_method = iif(event_count = removed.events, 0, has_other_payment_method)
      from (
        select dataset_id, network_transaction_id, count(*) as events,
          sum(iif(type = 'CAPTURED', amount, 0)) as captured,
          sum(iif(type = 'REFUNDED', amount, 0)) as refunded
        from order_events where ${selection} group by dataset_id, network_transaction_id) as removed
      where reconciliations.dataset_id = removed.dataset_id
        and reconciliations.network_transaction_id = removed.network_transaction_id`,
    sql`
      delete from reconciliations where event_count = 0 and transaction_id is null
        and (dataset_id, network_transaction_id) in (
          select dataset_id, network_transaction_id from order_events where ${selection})`,
  ];
}

function sumsOf({ type, amount }: OrderEvent) {
  return {
    captured: type === "CAPTURED" ? amount : 0,
    refunded: type === "REFUNDED" ? amount : 0,
  };
}

// An ID that belongs to another transaction makes `card_captured` NULL, and the batch fails.
const setCard = DatasetStatement.of(
  sql<unknown>`
    insert into reconciliations (
      dataset_id, network_transaction_id, created_at, transaction_id, card_status, card_currency,
      card_payment_method_id, card_captured, card_refunded)
    values (
      ${placeholder("dataset_id")}, ${placeholder("network_transaction_id")}, ${placeholder("now")},
      ${placeholder("transaction_id")}, ${placeholder("status")}, ${placeholder("currency")},
      ${placeholder("payment_method_id")}, ${placeholder("captured")}, ${placeholder("refunded")})
    on conflict (dataset_id, network_transaction_id) do update set
      has_other_currency = iif(transaction_id is null,
        ${otherCurrency(sql`excluded.card_currency`)}, has_other_currency),
      has_other_payment_method = iif(transaction_id is null,
        ${otherPaymentMethod(sql`excluded.card_currency`, sql`excluded.card_payment_method_id`)},
        has_other_payment_method),
      card_captured = iif(coalesce(transaction_id, excluded.transaction_id) = excluded.transaction_id,
        excluded.card_captured, null),
      card_refunded = excluded.card_refunded,
      card_status = excluded.card_status,
      card_currency = excluded.card_currency,
      card_payment_method_id = excluded.card_payment_method_id,
      transaction_id = excluded.transaction_id`,
);

/** Sets the card's side to a transaction's sums. Fails if the ID belongs to another transaction. */
export function countTransaction(
  dataset: Dataset,
  transaction: Transaction,
): BoundDatasetStatement {
  return setCard.bind(dataset, {
    network_transaction_id: transaction.network_transaction_id,
    now: transaction.updated_at,
    transaction_id: transaction.id,
    status: transaction.status,
    currency: transaction.currency,
    payment_method_id: transaction.payment_method_id,
    captured: transaction.captured_amount,
    refunded: transaction.refunded_amount,
  });
}

/** The sums after an order event, and whether the environment has simulated transactions to compare them with. */
export interface ReportedTransaction extends Reconciliation {
  is_compared: boolean;
}

export function toReportedTransaction(
  row: Row & { transaction_count: number },
): ReportedTransaction {
  return { ...toReconciliation(row), is_compared: row.transaction_count > 0 };
}

function toReconciliation(row: Row): Reconciliation {
  return {
    network_transaction_id: row.network_transaction_id,
    card:
      row.transaction_id === null
        ? undefined
        : {
            transaction_id: row.transaction_id,
            captured: row.card_captured,
            refunded: row.card_refunded,
            currency: row.card_currency!,
            payment_method_id: row.card_payment_method_id!,
            status: row.card_status!,
          },
    events: {
      captured: row.event_captured,
      refunded: row.event_refunded,
      event_count: row.event_count,
      has_other_currency: row.has_other_currency === 1,
      has_other_payment_method: row.has_other_payment_method === 1,
    },
  };
}

type NamedRow = Row & { order_event_ids: string };

/** The newest order events of a row `r`, as a JSON list. */
const eventIds = sql`(
  select json_group_array(order_event_id) from (
    select order_event_id from order_events indexed by order_events_network_transaction_id
    where dataset_id = r.dataset_id and network_transaction_id = r.network_transaction_id
    order by sequence desc limit ${sql.raw(String(MAX_NAMED_EVENTS))})) as order_event_ids`;

const toNamed = (row: NamedRow): NamedReconciliation => ({
  ...toReconciliation(row),
  order_event_ids: JSON.parse(row.order_event_ids) as string[],
});

// Without simulated transactions nothing is compared.
const isCompared = sql`${transactionCount} > 0`;

const selectOfOrder = DatasetStatement.of(
  sql<NamedRow>`
    select ${SELECTED}, ${eventIds} from reconciliations r
    where dataset_id = ${placeholder("dataset_id")} and ${isCompared} and network_transaction_id in (
      select network_transaction_id from order_events indexed by order_events_order_id
      where dataset_id = ${placeholder("dataset_id")} and order_id = ${placeholder("order_id")}
      order by sequence desc limit ${sql.raw(String(MAX_ORDER_EVENTS))})
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

/** All values of the column `findings` that contain the finding, or any. An unknown transaction has no other. */
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

// One bounded look into the index for each combination of findings: pages read nothing that they skip.
const selectDisagreeing = DatasetStatement.of(
  sql<NamedRow>`
    select ${SELECTED}, ${eventIds}
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
    select ${SELECTED}, ${eventIds} from reconciliations r
    where ${isRow} and ${isCompared}
      and findings in (select value from json_each(${placeholder("bits")}))`,
);

/** One ID with both of its sides, if it matches the filter. One round trip. */
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
