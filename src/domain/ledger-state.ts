import type { Money } from "./money.ts";
import type { Usage } from "./quotas.ts";

/** The two things that an event moves, by the field that says how much of it. */
export const MEASURES = ["amount", "rewards_amount"] as const;
export type Measure = (typeof MEASURES)[number];

/** What the events of an order add up to, for each measure. */
export const SUMS = ["captured", "refunded"] as const;
export type Sum = (typeof SUMS)[number];

/** What was captured and refunded on an order: the sums of its events. */
export type LedgerTotals = Record<`${Sum}_${Measure}`, Money>;

/** The totals of an order that has no events. */
export const NO_TOTALS: LedgerTotals = {
  captured_amount: 0,
  refunded_amount: 0,
  captured_rewards_amount: 0,
  refunded_rewards_amount: 0,
};

/** What was ordered: the most that events should add up to, for each measure. */
export interface OrderedTotals {
  total_order_amount: Money;
  total_rewards_amount: Money;
}

/** What the rules need to know of an order to decide on a command. */
export interface LedgerState extends LedgerTotals, OrderedTotals {
  id: string;
  /** Counts the changes of this order id, and goes on counting when the id is deleted and made again. */
  version: number;
  currency: string;
  payment_method_id: string;
  created_at: string;
  event_count: number;
  /** What the order takes without its events and its history: see `contentBytesOf`. */
  content_bytes: number;
}

/** What a command does to an order: the state that it leaves, and what its partner uses more, or less. */
export interface Transition {
  next: LedgerState;
  added: Usage;
}

/** The figures of one measure, as a refusal shows them. */
export interface Figures extends Record<Sum, Money> {
  refundable: Money;
}

export function figuresOf(totals: LedgerTotals, measure: Measure): Figures {
  const captured = totals[`captured_${measure}`];
  const refunded = totals[`refunded_${measure}`];
  return { captured, refunded, refundable: captured - refunded };
}
