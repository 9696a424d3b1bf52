import type { Refusal } from "./errors.ts";
import {
  figuresOf,
  MEASURES,
  type LedgerState,
  type Measure,
  type OrderedTotals,
  type Sum,
} from "./ledger-state.ts";
import { SUM_OF, type OrderEvent } from "./order-events.ts";
import type { ExpectedOrder } from "./orders.ts";

/** Warnings about the form of a request. */
const FORM_WARNINGS = [
  "unknown_field",
  "unknown_parameter",
  "duplicate_field",
  "limit_reduced",
  "not_repeatable",
  "unpublished_header",
] as const;

/** Warnings about what a request reports, which are more serious. */
export const MONEY_WARNINGS = [
  "captured_beyond_total",
  "refunded_beyond_captured",
  "refund_without_rewards",
  "captured_beyond_authorization",
  "unknown_transaction",
  "amount_beyond_transaction",
  "currency_differs",
  "payment_method_differs",
] as const;

export const WARNINGS = [...FORM_WARNINGS, ...MONEY_WARNINGS] as const;

/** A possible mistake in a request that production would accept too. */
export interface Warning {
  code: (typeof WARNINGS)[number];
  /** The field, parameter or header. */
  param?: string;
  /** A similar name that exists. */
  did_you_mean?: string;
  /** The value on the card, and the value in order events. */
  card?: string | number;
  reported?: string | number;
  /** The order's sum of captures, and its total. */
  captured?: number;
  ordered?: number;
}

/** The maximum number of warnings in one response. */
export const MAX_WARNINGS = 20;

/** Puts the added warnings first, without duplicates. Rules come last, so `MAX_WARNINGS` doesn't cut theirs off. */
export function addWarnings(before: readonly Warning[], added: readonly Warning[]): Warning[] {
  const isNew = ({ code, param }: Warning) =>
    !before.some((each) => each.code === code && each.param === param);
  return [...added.filter(isNew), ...before].slice(0, MAX_WARNINGS);
}

/** A POST without an ID or key: sent again, it takes effect again. */
export const NOT_REPEATABLE: Warning = { code: "not_repeatable" };

/** The Idempotency-Key decided the response. */
export const REPEATED_BY_KEY: Warning = { code: "unpublished_header", param: "Idempotency-Key" };

const DECIDED_BY_IF_MATCH: Warning = { code: "unpublished_header", param: "If-Match" };

/** The total that the captures of each measure should not exceed, although the contract allows it. */
const ORDERED = {
  amount: "total_order_amount",
  rewards_amount: "total_rewards_amount",
} as const satisfies Record<Measure, keyof OrderedTotals>;

function beyondTotal(state: LedgerState, measure: Measure, param: string): Warning[] {
  const { captured } = figuresOf(state, measure);
  const ordered = state[ORDERED[measure]];
  return captured > ordered ? [{ code: "captured_beyond_total", param, captured, ordered }] : [];
}

/** The warnings of an event that adds to a sum, from the state that includes it. */
const WARNINGS_OF: Record<Sum, (event: OrderEvent, next: LedgerState) => Warning[]> = {
  captured: (event, next) =>
    MEASURES.filter((measure) => event[measure] > 0).flatMap((measure) =>
      beyondTotal(next, measure, measure),
    ),
  refunded: (event, next) => [
    ...MEASURES.filter((measure) => event[measure] > 0 && figuresOf(next, measure).refundable < 0)
      // Possible only with the assumption `refund_beyond_captured: accepted`.
      .map((param): Warning => ({ code: "refunded_beyond_captured", param })),
    ...(event.rewards_amount === 0 && figuresOf(next, "rewards_amount").refundable > 0
      ? [{ code: "refund_without_rewards", param: "rewards_amount" } as const]
      : []),
  ],
};

/** The warnings of an added event. */
export function warningsOfEvent(event: OrderEvent, next: LedgerState): Warning[] {
  return WARNINGS_OF[SUM_OF[event.type]](event, next);
}

/** The warnings of a conditional change. */
export function warningsOfCondition({
  expected_versions,
}: Pick<ExpectedOrder, "expected_versions">): Warning[] {
  return expected_versions ? [DECIDED_BY_IF_MATCH] : [];
}

/** The warnings of a replaced order, from its next state. */
export function warningsOfReplacement(
  expected: Pick<ExpectedOrder, "expected_versions">,
  next: LedgerState,
): Warning[] {
  const beyond = MEASURES.flatMap((measure) => beyondTotal(next, measure, ORDERED[measure]));
  return [...warningsOfCondition(expected), ...beyond];
}

/** The warnings of a refusal that production would not make. */
export function warningsOfRefusal({ type }: Refusal): Warning[] {
  if (type === "IDEMPOTENCY_ERROR") return [REPEATED_BY_KEY];
  if (type === "PRECONDITION_FAILED_ERROR") return [DECIDED_BY_IF_MATCH];
  return [];
}
