import { sql, type SQL } from "drizzle-orm";
import { SUMS, type Sum } from "../domain/ledger-state.ts";
import { ORDER_EVENT_TYPES, SUM_OF, type OrderEvent } from "../domain/order-events.ts";
import type { CardSide, Reconciliation } from "../domain/reconciliation.ts";
import type { Transaction } from "../domain/transactions.ts";
import { DatasetStatement, placeholder, type BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { list } from "./rows.ts";

/** A stored row, without its findings. */
export interface ReconciliationRow {
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

export const SELECTED = sql.raw(`
  network_transaction_id, transaction_id, card_status, card_currency, card_payment_method_id,
  card_captured, card_refunded, event_captured, event_refunded, event_count,
  has_other_currency, has_other_payment_method`);

export const isRow = sql`
  dataset_id = ${placeholder("dataset_id")}
  and network_transaction_id = ${placeholder("network_transaction_id")}`;

export const transactionCount = sql`(
  select transaction_count from datasets where id = ${placeholder("dataset_id")})`;

/** Whether a reported event is in another currency than the card's. Two index lookups, for any number of events. */
const otherCurrency = (card_currency: SQL) => sql`(
  exists (select 1 from order_events where ${isRow} and currency < ${card_currency})
  or exists (select 1 from order_events where ${isRow} and currency > ${card_currency}))`;

/** Whether a reported event in the card's currency belongs to another payment method. Two index lookups. */
const otherPaymentMethod = (card_currency: SQL, card_payment_method_id: SQL) => sql`(
  exists (select 1 from order_events where ${isRow} and currency = ${card_currency}
    and payment_method_id < ${card_payment_method_id})
  or exists (select 1 from order_events where ${isRow} and currency = ${card_currency}
    and payment_method_id > ${card_payment_method_id}))`;

const addEvent = DatasetStatement.of(
  sql<ReconciliationRow & { transaction_count: number }>`
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

/** Subtracts an order event from the sums. Comes after the statement that deletes the event. */
export function uncountOrderEvent(dataset: Dataset, event: OrderEvent): BoundDatasetStatement[] {
  const { network_transaction_id } = event;
  return [
    removeLastEvent.bind(dataset, { network_transaction_id }),
    removeEvent.bind(dataset, { network_transaction_id, ...sumsOf(event) }),
  ];
}

/**
 * Subtracts many order events from the sums, before they are deleted. `selection` is a condition on `order_events`. The
 * flags about other currencies and payment methods are reset only with the last event.
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
          ${list(SUMS.map(columnOfSum))}
        from order_events where ${selection} group by dataset_id, network_transaction_id) as removed
      where reconciliations.dataset_id = removed.dataset_id
        and reconciliations.network_transaction_id = removed.network_transaction_id`,
    sql`
      delete from reconciliations where event_count = 0 and transaction_id is null
        and (dataset_id, network_transaction_id) in (
          select dataset_id, network_transaction_id from order_events where ${selection})`,
  ];
}

/** The sum of the amounts of the event types that add to it, as a column with its name. */
function columnOfSum(sum: Sum): SQL {
  const types = ORDER_EVENT_TYPES.filter((type) => SUM_OF[type] === sum);
  return sql.raw(`
    sum(iif(type in (${types.map((type) => `'${type}'`).join()}), amount, 0)) as ${sum}`);
}

const sumsOf = ({ type, amount }: OrderEvent) => ({
  captured: 0,
  refunded: 0,
  [SUM_OF[type]]: amount,
});

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
  row: ReconciliationRow & { transaction_count: number },
): ReportedTransaction {
  return { ...toReconciliation(row), is_compared: row.transaction_count > 0 };
}

export function toReconciliation(row: ReconciliationRow): Reconciliation {
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
