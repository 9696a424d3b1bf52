import type { Refusal } from "./decision.ts";
import {
  figuresOf,
  MEASURES,
  type LedgerState,
  type Measure,
  type OrderedTotals,
} from "./ledger-state.ts";
import type { OrderEvent, OrderEventType } from "./order-events.ts";
import type { ExpectedOrder } from "./orders.ts";

/** What a warning is about. */
export const WARNINGS = [
  "unknown_field",
  "unknown_parameter",
  "duplicate_field",
  "limit_reduced",
  "captured_beyond_total",
  "refund_without_rewards",
  "captured_beyond_authorization",
  "unknown_transaction",
  "amount_beyond_transaction",
  "currency_differs",
  "payment_method_differs",
  "not_repeatable",
  "not_published",
] as const;

/** Something on a request that was answered as production would answer it, but that deserves a look. */
export interface Warning {
  code: (typeof WARNINGS)[number];
  /** The field, parameter or header. */
  param?: string;
  /** The name that was probably meant. */
  did_you_mean?: string;
  /** The value on the card, and the value in order events. */
  card?: string | number;
  reported?: string | number;
}

/** The most warnings of one answer. */
export const MAX_WARNINGS = 20;

/** Adds warnings, none of them twice. The newer come first: a rule's is not lost among a body's many fields. */
export function addWarnings(before: readonly Warning[], added: readonly Warning[]): Warning[] {
  const isNew = ({ code, param }: Warning) =>
    !before.some((each) => each.code === code && each.param === param);
  return [...added.filter(isNew), ...before].slice(0, MAX_WARNINGS);
}

/** A POST that could be repeated by nothing: sent again, it takes effect again. */
export const NOT_REPEATABLE: Warning = { code: "not_repeatable" };

/** The answer repeats an earlier one, or refuses to, by the request's Idempotency-Key. */
export const REPEATED_BY_KEY: Warning = { code: "not_published", param: "Idempotency-Key" };

/** The answer depends on the version that If-Match names. */
const ON_VERSION: Warning = { code: "not_published", param: "If-Match" };

/** What the events of an order should not pass, for each measure: the contract allows it. */
const ORDERED = {
  amount: "total_order_amount",
  rewards_amount: "total_rewards_amount",
} as const satisfies Record<Measure, keyof OrderedTotals>;

const isBeyondTotal = (state: LedgerState) => (measure: Measure) =>
  figuresOf(state, measure).captured > state[ORDERED[measure]];

/** What each type of event deserves a look for, by the order's state with it counted in. */
const WARNINGS_OF: Record<OrderEventType, (event: OrderEvent, next: LedgerState) => Warning[]> = {
  CAPTURED: (event, next) =>
    MEASURES.filter((measure) => event[measure] > 0)
      .filter(isBeyondTotal(next))
      .map((param) => ({ code: "captured_beyond_total", param })),
  REFUNDED: (event, next) =>
    event.rewards_amount === 0 && figuresOf(next, "rewards_amount").refundable > 0
      ? [{ code: "refund_without_rewards", param: "rewards_amount" }]
      : [],
};

/** What an event that was added deserves a look for. */
export function warningsOfEvent(event: OrderEvent, next: LedgerState): Warning[] {
  return WARNINGS_OF[event.type](event, next);
}

/** What a change deserves a look for that was made because the order had the version that was expected. */
export function warningsOfCondition({
  expected_versions,
}: Pick<ExpectedOrder, "expected_versions">): Warning[] {
  return expected_versions ? [ON_VERSION] : [];
}

/** What the replacement of an order deserves a look for, by the state that it leaves. */
export function warningsOfReplacement(
  expected: Pick<ExpectedOrder, "expected_versions">,
  next: LedgerState,
): Warning[] {
  const beyond = MEASURES.filter(isBeyondTotal(next)).map((measure): Warning => ({
    code: "captured_beyond_total",
    param: ORDERED[measure],
  }));
  return [...warningsOfCondition(expected), ...beyond];
}

/** What a refusal deserves a look for: production would not have refused so. */
export function warningsOfRefusal({ type }: Refusal): Warning[] {
  if (type === "IDEMPOTENCY_ERROR") return [REPEATED_BY_KEY];
  if (type === "PRECONDITION_FAILED_ERROR") return [ON_VERSION];
  return [];
}
