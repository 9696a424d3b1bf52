import type { Complete } from "./complete.ts";
import { accept, refuse, type Decision, type Refusal } from "./decision.ts";
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
import { unknownOrder } from "./orders.ts";

export const ORDER_EVENT_TYPES = ["CAPTURED", "REFUNDED"] as const;
export type OrderEventType = (typeof ORDER_EVENT_TYPES)[number];

/** The sum of its order that an event counts in. */
export const SUM_OF = { CAPTURED: "captured", REFUNDED: "refunded" } as const satisfies Record<
  OrderEventType,
  Sum
>;

/** In which order an order's events can be deleted: captures last, as they have to stay while there are refunds. */
export const DELETION_RANK: Record<OrderEventType, number> = { REFUNDED: 1, CAPTURED: 2 };

/** An order event as a partner sends it: validated, and without nulls. */
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

/** An order event as it is stored and answered, under the contract's own field names. */
export interface OrderEvent extends Complete<OrderEventInput> {
  order_event_id: string;
  rewards_amount: Money;
  currency: string;
}

/** The event that an input stands for, with what the partner left out filled in. */
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
 * What an id that is taken answers: the stored event where `input` means the same, however it is spelled,
 * else why the id can't be used again.
 */
export function repeatOrderEvent(input: OrderEventInput, stored: OrderEvent): Decision<OrderEvent> {
  const differing_fields = differingFields(completeOrderEvent(input, stored), stored);
  if (differing_fields.length === 0) return accept(stored);
  const param =
    stored.order_event_id === input.order_event_id ? "order_event_id" : "partner_event_id";
  return refuse({
    type: "CONFLICT_ERROR",
    param,
    message: `The event with the ${param} ${stored[param]} exists with other content (${differing_fields.join(", ")}): use another id for another event.`,
    details: { differing_fields },
  });
}

/** An event that can be added to its order, and what that does to the order. */
export interface AppendedEvent extends Transition {
  event: OrderEvent;
  content_bytes: number;
}

/** The event, and the order's next state with it counted in; or why there can't be such an event. */
export function appendOrderEvent(
  state: LedgerState | undefined,
  input: OrderEventInput,
  newId: string,
): Decision<AppendedEvent> {
  if (!state) return refuse(unknownOrder(input.order_id));
  const event = completeOrderEvent(input, { order_event_id: newId, currency: state.currency });
  if (event.currency !== state.currency) return refuse(otherCurrency(state, event));
  const content_bytes = contentBytesOf(event);
  const transition = count(state, event, 1, content_bytes);
  const measure = MEASURES.find((each) => breaksRule(transition.next, each));
  return measure
    ? refuse(beyondLimit(state, event, measure))
    : accept({ event, content_bytes, ...transition });
}

/** The order's next state without the event, or why it has to stay: what remains must cover the refunds. */
export function deleteOrderEvent(state: LedgerState, event: OrderEvent): Decision<Transition> {
  const transition = count(state, event, -1, contentBytesOf(event));
  const measure = MEASURES.find((each) => breaksRule(transition.next, each));
  return measure ? refuse(stillNeeded(state, event, measure)) : accept(transition);
}

/** An event is counted in (1) or taken out (-1). */
function count(
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
 * The most that each sum may be: the refund rule of the contract (no refund beyond what was captured), and the
 * bound of an amount. A sum past MAX_MONEY may be rounded, but never down to MAX_MONEY, so the comparison holds.
 */
const MOST: Record<Sum, (figures: Figures) => Money> = {
  captured: () => MAX_MONEY,
  refunded: ({ captured }) => captured,
};

function breaksRule(state: LedgerState, measure: Measure): boolean {
  const figures = figuresOf(state, measure);
  return SUMS.some((sum) => figures[sum] > MOST[sum](figures));
}

/** What is counted, in a sentence: money goes without saying. */
const NOUN: Record<Measure, string> = { amount: "", rewards_amount: " rewards" };

function beyondLimit(state: LedgerState, event: OrderEvent, measure: Measure): Refusal {
  const figures = figuresOf(state, measure);
  const requested = event[measure];
  return {
    type: "CONFLICT_ERROR",
    param: measure,
    message: WHY_BEYOND_LIMIT[event.type](`${requested}${NOUN[measure]}`, figures),
    details: { ...figures, requested },
    isOnEvents: true,
  };
}

/** Why an event of each type can be too large. */
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
    details: { measure, ...figures, deleted: event[measure] },
    isOnEvents: true,
  };
}

/** Why an event of each type can be needed. */
const WHY_STILL_NEEDED: Record<OrderEventType, (left: string, figures: Figures) => string> = {
  CAPTURED: (left, { refunded }) =>
    `The refunds need this capture: without it ${left} are captured, but ${refunded} refunded. Delete refunds first.`,
  // No sum has to cover another by it yet, so that nobody reads this.
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

/** The answer where there is no such event, or it is another environment's. */
export function unknownOrderEvent(id: string): Refusal {
  return {
    type: "ORDER_EVENT_NOT_FOUND_ERROR",
    param: "order_event_id",
    message: `There is no order event ${id}.`,
  };
}
