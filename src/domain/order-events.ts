import { MAX_MONEY, type Money } from "./money.ts";
import { accept, refuse, type Decision, type Refusal } from "./decision.ts";
import { differingFields } from "./differences.ts";
import {
  figuresOf,
  MEASURES,
  type LedgerState,
  type LedgerTotals,
  type Measure,
} from "./ledger-state.ts";
import { sumOfRewards, type OrderLine } from "./order-lines.ts";

export const ORDER_EVENT_TYPES = ["CAPTURED", "REFUNDED"] as const;
export type OrderEventType = (typeof ORDER_EVENT_TYPES)[number];

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

/** An order event as it is kept and answered, under the contract's own field names. */
export interface OrderEvent extends OrderEventInput {
  order_event_id: string;
  rewards_amount: Money;
  currency: string;
}

/**
 * The event that an input stands for. The field order is fixed, so that two events that mean the
 * same have the same JSON.
 */
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

/** The fields in which the event that `input` stands for is not the `stored` one: none if it means the same, however spelled. */
export function orderEventDifferences(input: OrderEventInput, stored: OrderEvent): string[] {
  return differingFields(completeOrderEvent(input, stored), stored);
}

/** What is counted, in a sentence: money goes without saying. */
const NOUN: Record<Measure, string> = { amount: "", rewards_amount: " rewards" };

/** The order's totals with the event counted in, or why the event can't be. */
export function appendOrderEvent(state: LedgerState, event: OrderEvent): Decision<LedgerTotals> {
  if (event.currency !== state.currency) {
    return refuse({
      type: "INVALID_REQUEST_ERROR",
      param: "currency",
      message: `Expected the order's currency, ${state.currency}, but received ${event.currency}.`,
      details: { currency: state.currency, requested: event.currency },
    });
  }
  const totals = add(state, event, 1);
  const measure = MEASURES.find((each) => breaksRule(totals, each));
  if (!measure) return accept(totals);
  const figures = figuresOf(state, measure);
  return refuse({
    type: "CONFLICT_ERROR",
    param: measure,
    message:
      event.type === "REFUNDED"
        ? `A refund of ${event[measure]}${NOUN[measure]} is more than the ${figures.refundable} that can still be refunded (captured ${figures.captured}, refunded ${figures.refunded}).`
        : `A capture of ${event[measure]}${NOUN[measure]} on top of ${figures.captured} would pass ${MAX_MONEY}, the most that an order can have captured.`,
    details: { ...figures, requested: event[measure] },
  });
}

/** The order's totals without the event, or why it has to stay: what remains must cover the refunds. */
export function deleteOrderEvent(state: LedgerState, event: OrderEvent): Decision<LedgerTotals> {
  const totals = add(state, event, -1);
  const measure = MEASURES.find((each) => breaksRule(totals, each));
  if (!measure) return accept(totals);
  const { captured, refunded } = figuresOf(totals, measure);
  return refuse({
    type: "CONFLICT_ERROR",
    message: `The refunds need this capture: without it ${captured}${NOUN[measure]} are captured, but ${refunded} refunded. Delete refunds first.`,
    details: { measure, ...figuresOf(state, measure), deleted: event[measure] },
  });
}

/**
 * The refund rule of the contract (no refund beyond what was captured), and the bound of an amount.
 * A sum past MAX_MONEY may be rounded, but never down to MAX_MONEY, so the comparison holds.
 */
function breaksRule(totals: LedgerTotals, measure: Measure): boolean {
  const { captured, refunded } = figuresOf(totals, measure);
  return refunded > captured || captured > MAX_MONEY;
}

function add(totals: LedgerTotals, event: OrderEvent, sign: 1 | -1): LedgerTotals {
  const captured = event.type === "CAPTURED" ? sign : 0;
  const refunded = event.type === "REFUNDED" ? sign : 0;
  return {
    captured_amount: totals.captured_amount + captured * event.amount,
    refunded_amount: totals.refunded_amount + refunded * event.amount,
    captured_rewards_amount: totals.captured_rewards_amount + captured * event.rewards_amount,
    refunded_rewards_amount: totals.refunded_rewards_amount + refunded * event.rewards_amount,
  };
}

/** The answer where there is no such event, or it is another partner's. */
export function unknownOrderEvent(id: string): Refusal {
  return {
    type: "ORDER_EVENT_NOT_FOUND_ERROR",
    param: "order_event_id",
    message: `There is no order event ${id}.`,
  };
}
