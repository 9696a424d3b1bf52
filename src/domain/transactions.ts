import { accept, refuse, type Decision, type Refusal } from "./decision.ts";
import { differingFields } from "./differences.ts";
import { MAX_MONEY, type Money } from "./money.ts";
import { DEFAULT_CURRENCY, type Address } from "./orders.ts";
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
import type { Warning } from "./warnings.ts";

/** The statuses of a card transaction, and of its events (contract: TransactionStatus). */
export const TRANSACTION_STATUSES = [
  "APPROVED",
  "UPDATED",
  "VOIDED",
  "CAPTURED",
  "REFUNDED",
] as const;
export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];

/** How a purchase was completed (contract: PurchaseMethod). */
export const PURCHASE_METHODS = [
  "CHIP",
  "CONTACTLESS",
  "KEYEDIN",
  "ONLINE",
  "SWIPE",
  "QRCODE",
  "OCR",
  "UNKNOWN",
] as const;
export type PurchaseMethod = (typeof PURCHASE_METHODS)[number];

/** Where the card was used (contract: Merchant). */
export interface Merchant {
  network_id?: string | undefined;
  name?: string | undefined;
  category?: string | undefined;
  category_code?: string | undefined;
  address?: Address | undefined;
}

/** A request to simulate a transaction event: validated, without nulls and without empty IDs. */
export interface TransactionEventInput {
  /** With `REFUNDED` and a `transaction_id`: the capture to refund. Otherwise the new event's own ID. */
  event_id?: string | undefined;
  /** Left out: the event creates a transaction. */
  transaction_id?: string | undefined;
  customer_id?: string | undefined;
  payment_method_id: string;
  status: TransactionStatus;
  amount?: Money | undefined;
  currency?: string | undefined;
  authorization_code?: string | undefined;
  network_transaction_id?: string | undefined;
  purchase_method?: PurchaseMethod | undefined;
  merchant?: Merchant | undefined;
}

/** A transaction as the rules know it. Timestamps are RFC 3339. */
export interface Transaction {
  id: string;
  customer_id: string;
  payment_method_id: string;
  currency: string;
  /** The status of its latest event. */
  status: TransactionStatus;
  network_transaction_id: string;
  authorization_code: string | undefined;
  purchase_method: PurchaseMethod | undefined;
  merchant: Merchant | undefined;
  authorized_amount: Money;
  captured_amount: Money;
  refunded_amount: Money;
  /** Counts its events. */
  version: number;
  created_at: string;
  updated_at: string;
}

/** One event of a transaction. Its time has milliseconds, so that timelines sort it between requests. */
export interface TransactionEvent {
  event_id: string;
  transaction_id: string;
  /** The transaction's version that this event created. */
  version: number;
  status: TransactionStatus;
  amount: Money;
  /** Of a refund: the capture that it refunds. A blind refund has none. */
  captured_event_id: string | undefined;
  /** Of a capture: how much of it was refunded. */
  refunded_amount: Money;
  created_at: string;
  /** The request, to recognize a repetition. */
  input: TransactionEventInput;
}

/** Values for whatever the request leaves out, and the time of the event (RFC 3339 with milliseconds). */
export interface TransactionDefaults {
  transaction_id: string;
  event_id: string;
  network_transaction_id: string;
  customer_id: string;
  created_at: string;
}

/** An event that can happen, and its effect on the transaction. */
export interface SimulatedEvent {
  transaction: Transaction;
  event: TransactionEvent;
  /** The capture that a refund refunds, with the refund counted in. */
  capture: TransactionEvent | undefined;
  warnings: Warning[];
}

/** `amount` of the published transaction: the captured amount once there is a capture, else the authorized one. */
export function amountOf(transaction: Transaction): Money {
  const { captured_amount, authorized_amount, refunded_amount } = transaction;
  // A blind refund was neither authorized nor captured.
  return captured_amount || authorized_amount || refunded_amount;
}

/** A transaction under the contract's field names. */
export function toPublishedTransaction(transaction: Transaction) {
  const {
    authorized_amount: _,
    captured_amount: __,
    refunded_amount: ___,
    version: ____,
    ...published
  } = transaction;
  return { ...published, amount: amountOf(transaction) };
}

/** An event with its amount, for the sandbox's own responses. */
export function toPublishedEvent({ event_id, status, amount, created_at }: TransactionEvent) {
  return { event_id, status, amount, created_at: toTimestamp(new Date(created_at)) };
}

/** Whether `event_id` names the capture to refund, and not the new event. */
export function namesCapture({ status, transaction_id }: TransactionEventInput): boolean {
  return status === "REFUNDED" && transaction_id !== undefined;
}

/** The most events of a transaction, so that it can be read and deleted as a whole. */
export const MAX_TRANSACTION_EVENTS = 1_000;

/** The statuses after which each event can follow; without a transaction: `null`. */
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
export function simulateEvent(
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

/** A field that names another card than the transaction's. */
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
