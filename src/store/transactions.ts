import { sql } from "drizzle-orm";
import type {
  ListedTransactionEvent,
  SimulatedEvent,
  Transaction,
  TransactionEvent,
  TransactionEventInput,
} from "../domain/transactions.ts";
import { transactionBytesOf, transactionEventBytesOf } from "../domain/stored-bytes.ts";
import { namesCapture } from "../domain/transactions.ts";
import { DatasetStatement, placeholder, type BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { notificationQueued } from "./notification-outbox.ts";
import { pageOf, type Page, type PageRequest } from "./pages.ts";
import { countTransaction } from "./reconciliation-sums.ts";
import { columnsOf, insertInto, placeholdersFor, selectItems, toItem, toValues } from "./rows.ts";
import {
  transactionEventFields,
  transactionEvents,
  transactionFields,
  transactions,
} from "./transaction-schema.ts";

const columns = columnsOf(transactions, transactionFields);
const eventColumns = columnsOf(transactionEvents, transactionEventFields);

const ofDataset = sql`dataset_id = ${placeholder("dataset_id")}`;
const isTransaction = sql`${ofDataset} and id = ${placeholder("transaction_id")}`;
const isOfCustomer = sql`${ofDataset} and customer_id = ${placeholder("customer_id")}`;
const ofTransaction = sql`${ofDataset} and transaction_id = ${placeholder("transaction_id")}`;

const selectTransaction = selectItems(columns, transactions, isTransaction, sql`id`);
const selectCapture = selectItems(
  eventColumns,
  transactionEvents,
  sql`${ofTransaction} and event_id = ${placeholder("event_id")}`,
  sql`version`,
);
const selectRepeated = selectItems(
  eventColumns,
  transactionEvents,
  sql`${ofDataset} and event_id = ${placeholder("event_id")} and is_id_given = 1`,
  sql`version`,
);
const selectCustomer = DatasetStatement.of(
  sql<{ customer_id: string }>`
    select customer_id from transactions
    where ${ofDataset} and payment_method_id = ${placeholder("payment_method_id")}
      and is_customer_given = 1
    order by id desc limit 1`,
);

/** The stored state that the rules need to simulate an event. */
interface SimulationState {
  transaction: Transaction | undefined;
  /** The event that a refund names. */
  capture: TransactionEvent | undefined;
  /** The stored event with the request's own event ID. */
  repeated: TransactionEvent | undefined;
  /** The customer ID that the partner last sent for this payment method. */
  customer_id: string | undefined;
}

/** Reads the state for a request. One round trip. */
export async function findSimulationState(
  dataset: Dataset,
  input: TransactionEventInput,
): Promise<SimulationState> {
  const { transaction_id = "", event_id = "", payment_method_id } = input;
  const [[transaction], [event], [customer]] = await dataset.run(
    selectTransaction.bind(dataset, { transaction_id, limit: 1 }),
    namesCapture(input)
      ? selectCapture.bind(dataset, { transaction_id, event_id, limit: 1 })
      : selectRepeated.bind(dataset, { event_id, limit: 1 }),
    selectCustomer.bind(dataset, { payment_method_id }),
  );
  const found = event && toItem(eventColumns, event);
  return {
    transaction: transaction && toItem(columns, transaction),
    capture: namesCapture(input) ? found : undefined,
    repeated: namesCapture(input) ? undefined : found,
    customer_id: customer?.customer_id,
  };
}

const insertTransaction = DatasetStatement.of(
  insertInto(transactions, {
    dataset_id: placeholder("dataset_id"),
    is_customer_given: placeholder("is_customer_given"),
    content_bytes: placeholder("content_bytes"),
    ...placeholdersFor(transactionFields),
  }),
);
// The fence: if the stored version has changed, the new version is NULL, which the column rejects.
const updateTransaction = DatasetStatement.of(
  sql<unknown>`
    update transactions set
      version = iif(version = ${placeholder("version")} - 1, ${placeholder("version")}, null),
      status = ${placeholder("status")},
      authorization_code = ${placeholder("authorization_code")},
      purchase_method = ${placeholder("purchase_method")},
      merchant = ${placeholder("merchant")},
      authorized_amount = ${placeholder("authorized_amount")},
      captured_amount = ${placeholder("captured_amount")},
      refunded_amount = ${placeholder("refunded_amount")},
      updated_at = ${placeholder("updated_at")}
    where ${ofDataset} and id = ${placeholder("id")}`,
);
const insertEvent = DatasetStatement.of(
  insertInto(transactionEvents, {
    dataset_id: placeholder("dataset_id"),
    is_id_given: placeholder("is_id_given"),
    content_bytes: placeholder("content_bytes"),
    ...placeholdersFor(transactionEventFields),
  }),
);
const updateCapture = DatasetStatement.of(
  sql<unknown>`
    update transaction_events set refunded_amount = ${placeholder("refunded_amount")}
    where ${ofTransaction} and event_id = ${placeholder("event_id")}`,
);

/** The statements of one simulated event. The batch fails if another event of the transaction came first. */
export function eventSimulated(
  dataset: Dataset,
  simulated: SimulatedEvent,
): BoundDatasetStatement[] {
  const { transaction, event, capture } = simulated;
  const values = toValues(columns, transaction);
  const { input } = event;
  const isNew = event.version === 1;
  const is_customer_given = Number(input.customer_id !== undefined);
  const is_id_given = Number(input.event_id !== undefined && !namesCapture(input));
  return [
    isNew
      ? insertTransaction.bind(dataset, {
          ...values,
          is_customer_given,
          content_bytes: transactionBytesOf(transaction),
        })
      : updateTransaction.bind(dataset, values),
    insertEvent.bind(dataset, {
      ...toValues(eventColumns, event),
      is_id_given,
      content_bytes: transactionEventBytesOf(event),
    }),
    ...(capture ? [updateCapture.bind(dataset, toValues(eventColumns, capture))] : []),
    countTransaction(dataset, transaction),
    ...notificationQueued(dataset, simulated),
  ];
}

/** One transaction. One round trip. */
export async function findTransaction(
  dataset: Dataset,
  transaction_id: string,
): Promise<Transaction | undefined> {
  const [[row]] = await dataset.run(selectTransaction.bind(dataset, { transaction_id, limit: 1 }));
  return row && toItem(columns, row);
}

// Leaves out `input`, the request that created the event, which can be long.
const listedColumns = columnsOf(transactionEvents, {
  event_id: transactionEventFields.event_id,
  status: transactionEventFields.status,
  amount: transactionEventFields.amount,
  created_at: transactionEventFields.created_at,
});
const selectEvents = selectItems(listedColumns, transactionEvents, ofTransaction, sql`version`);

/** The events of a transaction, oldest first, at most `limit`. One round trip. */
export async function findTransactionEvents(
  dataset: Dataset,
  transaction_id: string,
  limit: number,
): Promise<ListedTransactionEvent[]> {
  const [rows] = await dataset.run(selectEvents.bind(dataset, { transaction_id, limit }));
  return rows.map((row) => toItem(listedColumns, row));
}

const before = sql`id < ${placeholder("before")}`;
const selectOfCustomer = selectItems(
  columns,
  sql`transactions indexed by transactions_customer_id`,
  sql`${isOfCustomer} and ${before}`,
  sql`id desc`,
);
const countOfCustomer = DatasetStatement.of(
  sql<{ total: number }>`select count(*) as total from transactions where ${isOfCustomer}`,
);
const selectAll = selectItems(columns, transactions, sql`${ofDataset} and ${before}`, sql`id desc`);
const countAll = DatasetStatement.of(
  sql<{ total: number }>`
    select transaction_count as total from datasets where id = ${placeholder("dataset_id")}`,
);

/** Sorts after every ID. */
const END = "\u{10ffff}";

/**
 * A page of transactions, newest first, of a customer or of the whole environment; undefined if the cursor is
 * unknown. One round trip.
 */
export async function listTransactions(
  dataset: Dataset,
  customer_id: string | undefined,
  { limit, starting_after }: PageRequest,
): Promise<Page<Transaction> | undefined> {
  const values = {
    before: starting_after ?? END,
    limit: limit + 1,
    customer_id: customer_id ?? "",
  };
  const [rows, counted, [cursor]] = await dataset.run(
    (customer_id === undefined ? selectAll : selectOfCustomer).bind(dataset, values),
    (customer_id === undefined ? countAll : countOfCustomer).bind(dataset, values),
    selectTransaction.bind(dataset, { transaction_id: starting_after ?? "", limit: 1 }),
  );
  if (starting_after !== undefined && !cursor) return undefined;
  return pageOf(
    rows.map((row) => toItem(columns, row)),
    limit,
    counted[0]?.total ?? 0,
  );
}
