import type { Money } from "./money.ts";
import type { Usage } from "./quotas.ts";

/** The names of an event's two amounts. */
export const MEASURES = ["amount", "rewards_amount"] as const;
export type Measure = (typeof MEASURES)[number];

/** The sums of an order's events. Each measure (amount, rewards_amount) has a captured and a refunded one. */
export const SUMS = ["captured", "refunded"] as const;
export type Sum = (typeof SUMS)[number];

/** The captured and refunded amounts of an order. */
export type LedgerTotals = Record<`${Sum}_${Measure}`, Money>;

/** The totals of an order that has no events. */
export const NO_TOTALS: LedgerTotals = {
  captured_amount: 0,
  refunded_amount: 0,
  captured_rewards_amount: 0,
  refunded_rewards_amount: 0,
};

/** The ordered amounts, which the captures should not exceed. */
export interface OrderedTotals {
  total_order_amount: Money;
  total_rewards_amount: Money;
}

/** The state of an order that the rules decide on. */
export interface LedgerState extends LedgerTotals, OrderedTotals {
  id: string;
  /** Counts the changes of this order ID, also across a deletion and a new order with the same ID. */
  version: number;
  currency: string;
  payment_method_id: string;
  /** Whether its environment assumes that production accepts refunds beyond the captured amount. */
  accepts_over_refunds: boolean;
  created_at: string;
  event_count: number;
  /** The bytes of the order without its events and history: see `contentBytesOf`. */
  content_bytes: number;
}

/** The effect of a command: the next state of the order, and the change of the partner's usage. */
export interface Transition {
  next: LedgerState;
  added: Usage;
}

/** The figures of one measure, as refusals show them. */
export interface Figures extends Record<Sum, Money> {
  refundable: Money;
}

export function figuresOf(totals: LedgerTotals, measure: Measure): Figures {
  const captured = totals[`captured_${measure}`];
  const refunded = totals[`refunded_${measure}`];
  return { captured, refunded, refundable: captured - refunded };
}
