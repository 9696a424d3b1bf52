import type { Money } from "./money.ts";
import type { Address } from "./orders.ts";
import { toTimestamp } from "./timestamp.ts";
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
type PurchaseMethod = (typeof PURCHASE_METHODS)[number];

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
  /** The capture that a refund refunds. Its `refunded_amount` includes this refund. */
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

/** An event as the sandbox's own responses list it. */
export type ListedTransactionEvent = Pick<
  TransactionEvent,
  "event_id" | "status" | "amount" | "created_at"
>;

export function toPublishedEvent({ event_id, status, amount, created_at }: ListedTransactionEvent) {
  return { event_id, status, amount, created_at: toTimestamp(new Date(created_at)) };
}

/** Whether `event_id` names the capture to refund, and not the new event. */
export function namesCapture({ status, transaction_id }: TransactionEventInput): boolean {
  return status === "REFUNDED" && transaction_id !== undefined;
}
