import type { Assumptions } from "./assumptions.ts";
import type { Complete } from "./complete.ts";
import { accept, refuse, type Decision } from "./decision.ts";
import type { Refusal } from "./errors.ts";
import { differingFields } from "./differences.ts";
import {
  figuresOf,
  MEASURES,
  SUMS,
  type Figures,
  type LedgerState,
  type Measure,
  type Sum,
  type Transition,
} from "./ledger-state.ts";
import { CHANGE_BYTES, contentBytesOf } from "./stored-bytes.ts";
import { NO_USAGE } from "./quotas.ts";
import { MAX_MONEY, type Money } from "./money.ts";
import { sumOfRewards, type OrderLine } from "./order-lines.ts";
import { duplicateId, unknownOrder } from "./orders.ts";

export const ORDER_EVENT_TYPES = ["CAPTURED", "REFUNDED"] as const;
export type OrderEventType = (typeof ORDER_EVENT_TYPES)[number];

/** The sum that each type of event adds to. */
export const SUM_OF = { CAPTURED: "captured", REFUNDED: "refunded" } as const satisfies Record<
  OrderEventType,
  Sum
>;

/** The sequence in which an order's events can be deleted: captures last, as refunds need them. */
export const DELETION_RANK: Record<OrderEventType, number> = { REFUNDED: 1, CAPTURED: 2 };

/** An order event as a partner sends it, validated and without nulls. */
export interface OrderEventInput {
  order_event_id?: string | undefined;
  order_id: string;
  partner_event_id?: string | undefined;
  type: OrderEventType;
  amount: Money;
  rewards_amount?: Money | undefined;
  currency?: string | undefined;
  network_transaction_id: string;
  order_lines?: OrderLine[] | undefined;
}

/** An order event as it is stored and returned, with the contract's field names. */
export interface OrderEvent extends Complete<OrderEventInput> {
  order_event_id: string;
  rewards_amount: Money;
  currency: string;
}

/** Fills in the fields that the partner left out. */
export function completeOrderEvent(
  input: OrderEventInput,
  defaults: { order_event_id: string; currency: string },
): OrderEvent {
  return {
    order_event_id: input.order_event_id ?? defaults.order_event_id,
    order_id: input.order_id,
    partner_event_id: input.partner_event_id,
    type: input.type,
    amount: input.amount,
    rewards_amount: input.rewards_amount ?? sumOfRewards(input.order_lines),
    currency: input.currency ?? defaults.currency,
    network_transaction_id: input.network_transaction_id,
    order_lines: input.order_lines?.length ? input.order_lines : undefined,
  };
}

/**
 * Decides on an event whose ID exists. The same content returns the stored event, unless the environment assumes
 * that production refuses it; other content is refused.
 */
export function repeatOrderEvent(
  input: OrderEventInput,
  stored: OrderEvent,
  { duplicate_ids }: Assumptions,
): Decision<OrderEvent> {
  const differing_fields = differingFields(completeOrderEvent(input, stored), stored);
  const param =
    stored.order_event_id === input.order_event_id ? "order_event_id" : "partner_event_id";
  if (differing_fields.length === 0) {
    return duplicate_ids === "replay" ? accept(stored) : refuse(duplicateId(param, stored[param]));
  }
  return refuse({
    type: "CONFLICT_ERROR",
    param,
    message: `The event with the ${param} ${stored[param]} exists with other content (${differing_fields.join(", ")}): use another ID for another event.`,
    details: { differing_fields },
  });
}

/** An accepted event, with its effect on the order. */
export interface AppendedEvent extends Transition {
  event: OrderEvent;
  content_bytes: number;
}

/** Decides whether an event can be added to its order. */
export function appendOrderEvent(
  state: LedgerState | undefined,
  input: OrderEventInput,
  newId: string,
): Decision<AppendedEvent> {
  if (!state) return refuse(unknownOrder(input.order_id));
  const event = completeOrderEvent(input, { order_event_id: newId, currency: state.currency });
  if (event.currency !== state.currency) return refuse(otherCurrency(state, event));
  const content_bytes = contentBytesOf(event);
  const transition = transitionOf(state, event, 1, content_bytes);
  const measure = MEASURES.find((each) => breaksRule(transition.next, each));
  return measure
    ? refuse(beyondLimit(state, event, measure))
    : accept({ event, content_bytes, ...transition });
}

/** Decides whether an event can be deleted: the rules must still hold without it. */
export function deleteOrderEvent(state: LedgerState, event: OrderEvent): Decision<Transition> {
  const transition = transitionOf(state, event, -1, contentBytesOf(event));
  const measure = MEASURES.find((each) => breaksRule(transition.next, each));
  return measure ? refuse(stillNeeded(state, event, measure)) : accept(transition);
}

/** The transition that adds an event to the sums (1) or subtracts it (-1). */
function transitionOf(
  state: LedgerState,
  event: OrderEvent,
  sign: 1 | -1,
  contentBytes: number,
): Transition {
  const next = {
    ...state,
    version: state.version + 1,
    event_count: state.event_count + sign,
  };
  for (const measure of MEASURES) next[`${SUM_OF[event.type]}_${measure}`] += sign * event[measure];
  const bytes = sign * contentBytes + CHANGE_BYTES;
  return { next, added: { ...NO_USAGE, order_events: sign, bytes } };
}

/**
 * The maximum of each sum. Refunds may not exceed the captured amount, unless the environment accepts that. A sum above
 * MAX_MONEY may be rounded, but never down to MAX_MONEY, so the comparison is exact.
 */
const MOST: Record<Sum, (figures: Figures, state: LedgerState) => Money> = {
  captured: () => MAX_MONEY,
  refunded: ({ captured }, { accepts_over_refunds }) =>
    accepts_over_refunds ? MAX_MONEY : captured,
};

function breaksRule(state: LedgerState, measure: Measure): boolean {
  const figures = figuresOf(state, measure);
  return SUMS.some((sum) => figures[sum] > MOST[sum](figures, state));
}

/** The noun of each measure in a sentence. Amounts of money have none. */
const NOUN: Record<Measure, string> = { amount: "", rewards_amount: " rewards" };

function beyondLimit(state: LedgerState, event: OrderEvent, measure: Measure): Refusal {
  const figures = figuresOf(state, measure);
  const requested = event[measure];
  return {
    type: "CONFLICT_ERROR",
    param: measure,
    message: WHY_BEYOND_LIMIT[event.type](`${requested}${NOUN[measure]}`, figures),
    details: { ...figures, requested },
    dependsOnEvents: true,
  };
}

/** The message about an event that is too large, for each type. */
const WHY_BEYOND_LIMIT: Record<OrderEventType, (requested: string, figures: Figures) => string> = {
  CAPTURED: (requested, { captured }) =>
    `A capture of ${requested} on top of ${captured} would pass ${MAX_MONEY}, the most that an order can have captured.`,
  REFUNDED: (requested, { captured, refunded, refundable }) =>
    `A refund of ${requested} is more than the ${refundable} that can still be refunded (captured ${captured}, refunded ${refunded}).`,
};

function stillNeeded(state: LedgerState, event: OrderEvent, measure: Measure): Refusal {
  const figures = figuresOf(state, measure);
  const left = figures[SUM_OF[event.type]] - event[measure];
  return {
    type: "CONFLICT_ERROR",
    message: WHY_STILL_NEEDED[event.type](`${left}${NOUN[measure]}`, figures),
    details: { ...figures, requested: event[measure] },
    dependsOnEvents: true,
  };
}

/** The message about an event that can't be deleted, for each type. */
const WHY_STILL_NEEDED: Record<OrderEventType, (left: string, figures: Figures) => string> = {
  CAPTURED: (left, { refunded }) =>
    `The refunds need this capture: without it ${left} are captured, but ${refunded} refunded. Delete refunds first.`,
  // Unused: no other sum depends on refunds.
  REFUNDED: (left) => `This refund is needed: without it ${left} are refunded.`,
};

function otherCurrency(state: LedgerState, event: OrderEvent): Refusal {
  return {
    type: "INVALID_REQUEST_ERROR",
    param: "currency",
    message: `Expected the order's currency, ${state.currency}, but received ${event.currency}.`,
    details: { currency: state.currency, requested: event.currency },
  };
}

/** Refuses an event ID that the environment doesn't have. */
export function unknownOrderEvent(id: string): Refusal {
  return {
    type: "ORDER_EVENT_NOT_FOUND_ERROR",
    param: "order_event_id",
    message: `There is no order event ${id}.`,
  };
}
