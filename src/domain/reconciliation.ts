import type { Money } from "./money.ts";
import { SUMS } from "./ledger-state.ts";
import { SUM_OF, type OrderEvent } from "./order-events.ts";
import type { TransactionStatus } from "./transactions.ts";
import type { Warning } from "./warnings.ts";

/**
 * The ways in which order events and a card transaction can disagree. Production accepts all of them, so a
 * finding never refuses a request. A finding's position is its bit in the database: add new ones at the end.
 */
export const FINDINGS = [
  "unknown_transaction",
  "not_reported",
  "amount_differs",
  "currency_differs",
  "payment_method_differs",
  "event_after_void",
] as const;
export type Finding = (typeof FINDINGS)[number];

/** The card transaction with a `network_transaction_id`, and its sums. */
export interface CardSide {
  transaction_id: string;
  captured: Money;
  refunded: Money;
  currency: string;
  payment_method_id: string;
  status: TransactionStatus;
}

/** The sums of all order events with the same `network_transaction_id`. */
export interface OrderEventSide {
  captured: Money;
  refunded: Money;
  event_count: number;
  /** Whether an event is in another currency than the card's. */
  has_other_currency: boolean;
  /** Whether an event in the card's currency belongs to an order with another payment method. */
  has_other_payment_method: boolean;
}

/** Both sides of one `network_transaction_id`. */
export interface Reconciliation {
  network_transaction_id: string;
  card: CardSide | undefined;
  events: OrderEventSide;
}

/** A reconciliation with the IDs of its newest order events, and of their orders. */
export interface NamedReconciliation extends Reconciliation {
  order_event_ids: string[];
  order_ids: string[];
}

const APPLIES: Record<Finding, (card: CardSide | undefined, events: OrderEventSide) => boolean> = {
  unknown_transaction: (card, events) => !card && events.event_count > 0,
  // Captured and refunded amounts are compared separately.
  not_reported: (card, events) => SUMS.some((sum) => (card?.[sum] ?? 0) > 0 && events[sum] === 0),
  amount_differs: (card, events) =>
    SUMS.some((sum) => card && card[sum] > 0 && events[sum] > 0 && card[sum] !== events[sum]),
  currency_differs: (card, events) => card !== undefined && events.has_other_currency,
  payment_method_differs: (card, events) => card !== undefined && events.has_other_payment_method,
  event_after_void: (card, events) => card?.status === "VOIDED" && events.event_count > 0,
};

/** The findings on which the two sides disagree; empty if they agree. */
export function findingsOf(card: CardSide | undefined, events: OrderEventSide): Finding[] {
  return FINDINGS.filter((finding) => APPLIES[finding](card, events));
}

/** The warnings of an order event about its card transaction. `events` includes the event. */
export function warningsOfReport(
  { card, events }: Reconciliation,
  event: OrderEvent,
  payment_method_id: string,
): Warning[] {
  if (!card) return [{ code: "unknown_transaction", param: "network_transaction_id" }];
  const warnings: Warning[] = [];
  const sum = SUM_OF[event.type];
  if (events[sum] > card[sum]) {
    warnings.push({
      code: "amount_beyond_transaction",
      param: "amount",
      card: card[sum],
      reported: events[sum],
    });
  }
  const values = [
    ["currency_differs", "currency", card.currency, event.currency],
    ["payment_method_differs", "payment_method_id", card.payment_method_id, payment_method_id],
  ] as const;
  for (const [code, param, onCard, reported] of values) {
    if (onCard !== reported) warnings.push({ code, param, card: onCard, reported });
  }
  return warnings;
}

/** Both sides and their findings, for the sandbox's responses. */
export function toPublishedReconciliation(reconciliation: NamedReconciliation) {
  const { network_transaction_id, card, events, order_event_ids: ids, order_ids } = reconciliation;
  const { transaction_id, ...onCard } = card ?? {};
  return {
    network_transaction_id,
    ...(card && { transaction_id, card: onCard }),
    order_events: { captured: events.captured, refunded: events.refunded, ids, order_ids },
    findings: findingsOf(card, events),
  };
}
