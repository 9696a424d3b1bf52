/** The refusals of simulated transaction events, each with its figures. */
import type { Refusal } from "./errors.ts";
import { MAX_MONEY, type Money } from "./money.ts";
import type { Transaction, TransactionEvent, TransactionStatus } from "./transactions.ts";

export function otherCurrency({ currency }: Transaction, requested: string): Refusal {
  return {
    type: "INVALID_REQUEST_ERROR",
    param: "currency",
    message: `Expected the transaction's currency, ${currency}, but received ${requested}.`,
    details: { currency, requested },
  };
}

export function otherTransaction(param: string, expected: string, requested: string): Refusal {
  return {
    type: "CONFLICT_ERROR",
    param,
    message: `The transaction's ${param} is ${expected}, but the request names ${requested}. Leave ${param} out or send the transaction's.`,
    details: { expected, requested },
  };
}

/** The figures that a refusal shows. */
function figuresOf({ status, authorized_amount, captured_amount, refunded_amount }: Transaction) {
  return {
    status,
    authorized: authorized_amount,
    captured: captured_amount,
    refunded: refunded_amount,
  };
}

export function wrongSequence(
  transaction: Transaction,
  status: TransactionStatus,
  allowed: string[],
): Refusal {
  return {
    type: "CONFLICT_ERROR",
    param: "status",
    message: `${status} can't follow ${transaction.status}. It can only follow ${allowed.join(", ")}.`,
    details: figuresOf(transaction),
  };
}

export function alreadyApproved(transaction: Transaction): Refusal {
  return {
    type: "CONFLICT_ERROR",
    param: "transaction_id",
    message: `APPROVED creates a transaction, but the request names ${transaction.id}, which exists. Leave transaction_id out, or send UPDATED to change the amount.`,
    details: figuresOf(transaction),
  };
}

export function nothingLeft(transaction: Transaction): Refusal {
  const { authorized_amount, captured_amount } = transaction;
  return {
    type: "CONFLICT_ERROR",
    param: "amount",
    message: `Nothing is left to capture (authorized ${authorized_amount}, captured ${captured_amount}). Send an amount to capture more than was authorized.`,
    details: figuresOf(transaction),
  };
}

export function tooManyEvents(transaction: Transaction): Refusal {
  return {
    type: "CONFLICT_ERROR",
    param: "transaction_id",
    message: `The transaction has ${transaction.version} events, the most that it can have. Simulate another transaction.`,
    details: { ...figuresOf(transaction), events: transaction.version },
  };
}

export function tooMuchCaptured(transaction: Transaction, requested: Money): Refusal {
  return {
    type: "CONFLICT_ERROR",
    param: "amount",
    message: `A capture of ${requested} on top of ${transaction.captured_amount} exceeds ${MAX_MONEY}, the most that a transaction can have captured.`,
    details: { ...figuresOf(transaction), requested },
  };
}

export function beyondCapture(capture: TransactionEvent, requested: Money): Refusal {
  const { amount: captured, refunded_amount: refunded } = capture;
  const refundable = captured - refunded;
  return {
    type: "CONFLICT_ERROR",
    param: "amount",
    message: `A refund of ${requested} exceeds the ${refundable} that can still be refunded (captured ${captured}, refunded ${refunded}).`,
    details: { captured, refunded, refundable, requested },
  };
}

export function needsTransaction(status: TransactionStatus): Refusal {
  return {
    type: "INVALID_REQUEST_ERROR",
    param: "transaction_id",
    message: `${status} needs the transaction_id of an approved transaction, but it is missing.`,
  };
}

export function needsAmount(status: TransactionStatus): Refusal {
  const reason =
    status === "UPDATED"
      ? "UPDATED needs the new amount"
      : `${status} needs an amount when it creates a transaction`;
  return {
    type: "INVALID_REQUEST_ERROR",
    param: "amount",
    message: `${reason}, but it is missing.`,
  };
}

export function needsCapture(): Refusal {
  return {
    type: "INVALID_REQUEST_ERROR",
    param: "event_id",
    message: "A refund of a transaction needs the event_id of the capture, but it is missing.",
  };
}

export function noSuchCapture(transaction: Transaction, event_id: string): Refusal {
  return {
    type: "CONFLICT_ERROR",
    param: "event_id",
    message: `The transaction has no capture ${event_id}. Send the event_id that its CAPTURED event returned.`,
    details: figuresOf(transaction),
  };
}

/** The refusal if the environment has no such transaction. */
export function unknownTransaction(id: string): Refusal {
  return {
    type: "TRANSACTION_FOUND_ERROR",
    param: "transaction_id",
    message: `Transaction not found: ${id}.`,
  };
}

/** The refusal if no transaction belongs to the customer. */
export function unknownCustomer(id: string): Refusal {
  return {
    type: "CUSTOMER_NOT_FOUND_ERROR",
    param: "customer_id",
    message: `Customer not found: ${id}. A customer exists once a simulated transaction names it.`,
  };
}

/** The refusal if a `network_transaction_id` belongs to another transaction, which may be gone already. */
export function networkIdTaken(network_transaction_id: string, owner?: string): Refusal {
  const advice =
    owner === undefined
      ? "Send another one, or leave it out."
      : `To add an event to it, simulate the event with "transaction_id": "${owner}". For a new transaction, send another network_transaction_id, or leave it out.`;
  return {
    type: "CONFLICT_ERROR",
    param: "network_transaction_id",
    message: `The network_transaction_id ${network_transaction_id} belongs to another transaction. ${advice}`,
    details: { network_transaction_id },
  };
}
