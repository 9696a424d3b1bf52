import { maskKeys } from "./recorded-text.ts";
import type { SimulatedEvent } from "./transactions.ts";
import type { NotificationSubject } from "./notifications.ts";
import type { NotificationKind } from "./webhooks.ts";

/** The `merchant_key` of notifications about simulated events. */
const MERCHANT_KEY = "SANDBOX";

/** The exact body of a notification, with API keys masked. */
export function bodyOf(object: NotificationKind, data: object): string {
  return maskKeys(JSON.stringify({ object, data }));
}

/** The body of a simulated event's notification. A field without a value is null where the contract allows it. */
export function transactionBody({ transaction, event }: SimulatedEvent): string {
  const { payment_method_id, customer_id, created_at, updated_at, currency } = transaction;
  return bodyOf("TRANSACTION", {
    merchant_key: MERCHANT_KEY,
    transaction_id: transaction.id,
    event_id: event.event_id,
    intent_id: null,
    payment_method_id,
    customer_id,
    status: event.status,
    created_at,
    updated_at,
    amount: event.amount,
    currency,
    authorization_code: transaction.authorization_code ?? null,
    network_transaction_id: transaction.network_transaction_id,
    purchase_method: transaction.purchase_method ?? null,
    merchant: transaction.merchant,
  });
}

/** The fields of a body that filters and faults match. */
export function subjectOfBody(body: string): NotificationSubject & { event_id: string | null } {
  const { object, data } = JSON.parse(body) as {
    object: NotificationKind;
    data: Record<string, unknown>;
  };
  const textIn = (name: string) => {
    const content = data[name];
    return typeof content === "string" ? content : null;
  };
  return {
    object,
    status: textIn("status"),
    transaction_id: textIn("transaction_id"),
    network_transaction_id: textIn("network_transaction_id"),
    event_id: textIn("event_id"),
  };
}
