import { accept, refuse, type Decision } from "./decision.ts";
import type { Refusal } from "./errors.ts";
import { differingFields } from "./differences.ts";
import { MAX_MONEY, type Money } from "./money.ts";
import { DEFAULT_CURRENCY } from "./orders.ts";
import { toTimestamp } from "./timestamp.ts";
import {
  alreadyApproved,
  beyondCapture,
  needsAmount,
  needsCapture,
  needsTransaction,
  noSuchCapture,
  nothingLeft,
  otherCurrency,
  otherTransaction,
  tooManyEvents,
  tooMuchCaptured,
  unknownTransaction,
  wrongSequence,
} from "./transaction-refusals.ts";
import {
  namesCapture,
  type SimulatedEvent,
  type Transaction,
  type TransactionDefaults,
  type TransactionEvent,
  type TransactionEventInput,
  type TransactionStatus,
} from "./transactions.ts";
import type { Warning } from "./warnings.ts";

/** The maximum number of a transaction's events, so that it can be read and deleted as a whole. */
export const MAX_TRANSACTION_EVENTS = 1_000;

/** The statuses that each event can follow; `null` if it can create a transaction. */
const FOLLOWS: Record<TransactionStatus, readonly (TransactionStatus | null)[]> = {
  APPROVED: [null],
  UPDATED: ["APPROVED", "UPDATED"],
  VOIDED: ["APPROVED", "UPDATED"],
  CAPTURED: [null, "APPROVED", "UPDATED", "CAPTURED"],
  REFUNDED: [null, "CAPTURED", "REFUNDED"],
};

/**
 * Simulates an event on a card (guide "Simulate transaction events"). `transaction` is the one that the
 * request names, `capture` the event that a refund names.
 */
export function simulateCardEvent(
  transaction: Transaction | undefined,
  input: TransactionEventInput,
  capture: TransactionEvent | undefined,
  defaults: TransactionDefaults,
): Decision<SimulatedEvent> {
  if (input.transaction_id === undefined) return createTransaction(input, defaults);
  if (!transaction) return refuse(unknownTransaction(input.transaction_id));
  const refusal = mismatchOf(transaction, input) ?? sequenceError(transaction, input);
  if (refusal) return refuse(refusal);
  if (transaction.version >= MAX_TRANSACTION_EVENTS) return refuse(tooManyEvents(transaction));
  return APPEND[input.status](transaction, input, capture, defaults);
}

/** The stored event for a repeated ID if the request is the same, else the reason for the refusal. */
export function repeatTransactionEvent(
  input: TransactionEventInput,
  stored: TransactionEvent,
): Decision<TransactionEvent> {
  const differing_fields = differingFields(input, stored.input);
  if (differing_fields.length === 0) return accept(stored);
  return refuse({
    type: "CONFLICT_ERROR",
    param: "event_id",
    message: `The event ${stored.event_id} exists with different content (${differing_fields.join(", ")}). Use a new event_id for a new event.`,
    details: { differing_fields },
  });
}

function createTransaction(
  input: TransactionEventInput,
  defaults: TransactionDefaults,
): Decision<SimulatedEvent> {
  const { status, amount } = input;
  if (!FOLLOWS[status].includes(null)) return refuse(needsTransaction(status));
  if (amount === undefined) return refuse(needsAmount(status));
  const created_at = toTimestamp(new Date(defaults.created_at));
  const created: Transaction = {
    id: defaults.transaction_id,
    customer_id: input.customer_id ?? defaults.customer_id,
    payment_method_id: input.payment_method_id,
    currency: input.currency ?? DEFAULT_CURRENCY,
    status,
    network_transaction_id: input.network_transaction_id ?? defaults.network_transaction_id,
    authorization_code: input.authorization_code,
    purchase_method: input.purchase_method,
    merchant: input.merchant,
    authorized_amount: status === "APPROVED" ? amount : 0,
    captured_amount: status === "CAPTURED" ? amount : 0,
    refunded_amount: status === "REFUNDED" ? amount : 0,
    version: 0,
    created_at,
    updated_at: created_at,
  };
  return accept(append(created, input, { amount }, defaults));
}

type Append = (
  transaction: Transaction,
  input: TransactionEventInput,
  capture: TransactionEvent | undefined,
  defaults: TransactionDefaults,
) => Decision<SimulatedEvent>;

/** Decides on an event of each status for an existing transaction. */
const APPEND: Record<TransactionStatus, Append> = {
  APPROVED: (transaction) => refuse(alreadyApproved(transaction)),

  UPDATED: (transaction, input, _, defaults) => {
    const { amount } = input;
    if (amount === undefined) return refuse(needsAmount("UPDATED"));
    return accept(
      append({ ...transaction, authorized_amount: amount }, input, { amount }, defaults),
    );
  },

  VOIDED: (transaction, input, _, defaults) =>
    accept(append(transaction, input, { amount: transaction.authorized_amount }, defaults)),

  CAPTURED: (transaction, input, _, defaults) => {
    const { authorized_amount: authorized, captured_amount: captured } = transaction;
    const amount = input.amount ?? authorized - captured;
    if (input.amount === undefined && amount <= 0) return refuse(nothingLeft(transaction));
    if (captured + amount > MAX_MONEY) return refuse(tooMuchCaptured(transaction, amount));
    const next = { ...transaction, captured_amount: captured + amount };
    const isBeyond = authorized > 0 && next.captured_amount > authorized;
    const warnings: Warning[] = isBeyond
      ? [{ code: "captured_beyond_authorization", param: "amount" }]
      : [];
    return accept(append(next, input, { amount, warnings }, defaults));
  },

  REFUNDED: (transaction, input, capture, defaults) => {
    if (input.event_id === undefined) return refuse(needsCapture());
    if (capture?.transaction_id !== transaction.id || capture.status !== "CAPTURED") {
      return refuse(noSuchCapture(transaction, input.event_id));
    }
    const refundable = capture.amount - capture.refunded_amount;
    const amount = input.amount ?? refundable;
    if (amount > refundable || (input.amount === undefined && refundable === 0)) {
      return refuse(beyondCapture(capture, amount));
    }
    const next = { ...transaction, refunded_amount: transaction.refunded_amount + amount };
    const refunded = { ...capture, refunded_amount: capture.refunded_amount + amount };
    return accept(append(next, input, { amount, capture: refunded }, defaults));
  },
};

/** The transaction with one more event. */
function append(
  transaction: Transaction,
  input: TransactionEventInput,
  effect: { amount: Money; capture?: TransactionEvent; warnings?: Warning[] },
  defaults: TransactionDefaults,
): SimulatedEvent {
  const { amount, capture, warnings = [] } = effect;
  const next: Transaction = {
    ...transaction,
    status: input.status,
    authorization_code: transaction.authorization_code ?? input.authorization_code,
    purchase_method: transaction.purchase_method ?? input.purchase_method,
    merchant: transaction.merchant ?? input.merchant,
    version: transaction.version + 1,
    updated_at: toTimestamp(new Date(defaults.created_at)),
  };
  const ownId = namesCapture(input) ? undefined : input.event_id;
  const event: TransactionEvent = {
    event_id: ownId ?? defaults.event_id,
    transaction_id: next.id,
    version: next.version,
    status: input.status,
    amount,
    captured_event_id: capture?.event_id,
    refunded_amount: 0,
    created_at: defaults.created_at,
    input,
  };
  return { transaction: next, event, capture, warnings };
}

/** Refuses a currency, payment method, customer or network ID other than the transaction's. */
function mismatchOf(transaction: Transaction, input: TransactionEventInput): Refusal | undefined {
  const { currency } = input;
  if (currency !== undefined && currency !== transaction.currency) {
    return otherCurrency(transaction, currency);
  }
  const fields = ["payment_method_id", "customer_id", "network_transaction_id"] as const;
  const param = fields.find(
    (field) => input[field] !== undefined && input[field] !== transaction[field],
  );
  return param && otherTransaction(param, transaction[param], input[param]!);
}

function sequenceError(
  transaction: Transaction,
  { status }: TransactionEventInput,
): Refusal | undefined {
  const before = FOLLOWS[status];
  if (status === "APPROVED" || before.includes(transaction.status)) return undefined;
  return wrongSequence(
    transaction,
    status,
    before.filter((each) => each !== null),
  );
}
