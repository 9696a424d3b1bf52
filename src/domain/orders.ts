import { acceptsOverRefunds, type Assumptions } from "./assumptions.ts";
import type { Complete } from "./complete.ts";
import { accept, refuse, type Decision } from "./decision.ts";
import type { Refusal } from "./errors.ts";
import { differingFields } from "./differences.ts";
import { figuresOf, NO_TOTALS, type LedgerState, type Transition } from "./ledger-state.ts";
import type { Money } from "./money.ts";
import { sumOfRewards, type OrderLine } from "./order-lines.ts";
import { CHANGE_BYTES, contentBytesOf } from "./stored-bytes.ts";
import { NO_USAGE } from "./quotas.ts";

/** The currency of an order that names none (contract: "USD where no currency is given"). */
export const DEFAULT_CURRENCY = "USD";

export interface Address {
  street_line1?: string | undefined;
  street_line2?: string | undefined;
  city?: string | undefined;
  state?: string | undefined;
  postal_code?: string | undefined;
  /** ISO 3166-1 alpha-3 */
  country?: string | undefined;
}

/** An order as a partner sends it, validated and without nulls. */
export interface OrderInput {
  id?: string | undefined;
  customer_id?: string | undefined;
  payment_method_id: string;
  partner_order_id: string;
  merchant_id?: string | undefined;
  merchant_name?: string | undefined;
  merchant_address?: Address[] | undefined;
  total_order_amount: Money;
  total_rewards_amount?: Money | undefined;
  currency?: string | undefined;
  created_at?: string | undefined;
  updated_at?: string | undefined;
  order_lines?: OrderLine[] | undefined;
}

/** An order as it is stored and returned, with the contract's field names. */
export interface Order extends Complete<OrderInput> {
  id: string;
  total_rewards_amount: Money;
  currency: string;
  created_at: string;
  updated_at: string;
}

/** The defaults of fields that the partner left out. Timestamps are RFC 3339. */
interface OrderDefaults {
  id: string;
  created_at: string;
  updated_at: string;
}

/** Fills in the fields that the partner left out. */
export function completeOrder(input: OrderInput, defaults: OrderDefaults): Order {
  return {
    id: input.id ?? defaults.id,
    customer_id: input.customer_id,
    payment_method_id: input.payment_method_id,
    partner_order_id: input.partner_order_id,
    merchant_id: input.merchant_id,
    merchant_name: input.merchant_name,
    merchant_address: input.merchant_address,
    total_order_amount: input.total_order_amount,
    total_rewards_amount: input.total_rewards_amount ?? sumOfRewards(input.order_lines),
    currency: input.currency ?? DEFAULT_CURRENCY,
    created_at: input.created_at ?? defaults.created_at,
    updated_at: input.updated_at ?? defaults.updated_at,
    order_lines: input.order_lines?.length ? input.order_lines : undefined,
  };
}

/**
 * Decides on an order whose ID exists. The same content returns the stored order, unless the environment assumes
 * that production refuses it; other content is refused.
 */
export function repeatOrder(
  input: OrderInput,
  stored: Order,
  { duplicate_ids }: Assumptions,
): Decision<Order> {
  const differing_fields = differingFields(completeOrder(input, stored), stored);
  if (differing_fields.length === 0) {
    return duplicate_ids === "replay" ? accept(stored) : refuse(duplicateId("id", stored.id));
  }
  return refuse({
    type: "CONFLICT_ERROR",
    param: "id",
    message: `The order ${stored.id} exists with other content (${differing_fields.join(", ")}): use another ID, or PUT to change the order.`,
    details: { differing_fields },
  });
}

/** The state of an order that was just created, under an ID that was never used before. */
export function newLedgerState(order: Order, assume: Assumptions): LedgerState {
  const { id, currency, payment_method_id, created_at } = order;
  const { total_order_amount, total_rewards_amount } = order;
  return {
    id,
    version: 1,
    currency,
    payment_method_id,
    accepts_over_refunds: acceptsOverRefunds(assume),
    created_at,
    total_order_amount,
    total_rewards_amount,
    event_count: 0,
    content_bytes: contentBytesOf(order),
    ...NO_TOTALS,
  };
}

/** An order that must exist, in one of the versions that If-Match names. */
export interface ExpectedOrder {
  id: string;
  expected_versions?: readonly number[] | undefined;
}

/** Decides on a PUT. It replaces every field, except `created_at` if the input has none. */
export function replaceOrder(
  state: LedgerState | undefined,
  expected: ExpectedOrder,
  input: OrderInput,
  updatedAt: string,
): Decision<Transition & { order: Order }> {
  const found = requireOrder(state, expected);
  if (!found.ok) return found;
  const { id, version, currency, created_at, event_count, content_bytes } = found.result;
  if (input.id !== undefined && input.id !== id) return refuse(otherId(id, input.id));
  const defaults = { id, created_at, updated_at: updatedAt };
  const order = { ...completeOrder(input, defaults), updated_at: updatedAt };
  if (order.currency !== currency && event_count > 0) {
    return refuse(fixedCurrency(found.result, order, input));
  }
  const bytes = contentBytesOf(order);
  return accept({
    order,
    next: {
      ...found.result,
      version: version + 1,
      currency: order.currency,
      payment_method_id: order.payment_method_id,
      created_at: order.created_at,
      total_order_amount: order.total_order_amount,
      total_rewards_amount: order.total_rewards_amount,
      content_bytes: bytes,
    },
    added: { ...NO_USAGE, bytes: bytes - content_bytes + CHANGE_BYTES },
  });
}

/** Decides on a deletion, which is possible while the order has no events. */
export function deleteOrder(
  state: LedgerState | undefined,
  expected: ExpectedOrder,
): Decision<Transition> {
  const found = requireOrder(state, expected);
  if (!found.ok) return found;
  const { version, event_count, content_bytes } = found.result;
  return event_count > 0
    ? refuse(hasEvents(found.result))
    : accept({
        next: { ...found.result, version: version + 1 },
        added: { ...NO_USAGE, orders: -1, bytes: CHANGE_BYTES - content_bytes },
      });
}

function requireOrder(
  state: LedgerState | undefined,
  { id, expected_versions }: ExpectedOrder,
): Decision<LedgerState> {
  if (!state) return refuse(unknownOrder(id));
  if (!expected_versions || expected_versions.includes(state.version)) return accept(state);
  return refuse({
    type: "PRECONDITION_FAILED_ERROR",
    message: `The order has changed: If-Match names another version than the current one, "${state.version}".`,
    details: { current: `"${state.version}"` },
  });
}

/** Refuses an ID that exists with the same content, in an environment with `duplicate_ids: conflict`. */
export function duplicateId(param: string, id: string | undefined): Refusal {
  return {
    type: "CONFLICT_ERROR",
    param,
    message: `The ${param} ${id} exists with the same content: an earlier request took effect. This environment refuses repeated IDs.`,
    details: { differing_fields: [] },
  };
}

/** Refuses an order ID that the environment doesn't have. */
export function unknownOrder(id: string): Refusal {
  return {
    type: "ORDER_NOT_FOUND_ERROR",
    param: "order_id",
    message: `There is no order ${id}.`,
  };
}

function otherId(expected: string, received: string): Refusal {
  return {
    type: "INVALID_REQUEST_ERROR",
    param: "id",
    message: `id: Expected the id in the path, ${expected}, or none, but received ${received}.`,
  };
}

function fixedCurrency(state: LedgerState, order: Order, input: OrderInput): Refusal {
  const byDefault = input.currency === undefined ? " (the default, as none was sent)" : "";
  return {
    type: "CONFLICT_ERROR",
    param: "currency",
    message: `The currency can't change once the order has events: expected ${state.currency}, but received ${order.currency}${byDefault}.`,
    details: { currency: state.currency, requested: order.currency, events: state.event_count },
    dependsOnEvents: true,
  };
}

function hasEvents(state: LedgerState): Refusal {
  const [events, they] = state.event_count === 1 ? ["event", "it was"] : ["events", "they were"];
  const figures = figuresOf(state, "amount");
  const advice =
    figures.refundable > 0
      ? `To cancel it, report a refund of the ${figures.refundable} that can still be refunded; the order stays.`
      : "An order with events can't be deleted.";
  return {
    type: "CONFLICT_ERROR",
    message: `The order has ${state.event_count} ${events}. ${advice} Delete the ${events} only if ${they} reported by mistake.`,
    details: { events: state.event_count, ...figures },
    dependsOnEvents: true,
  };
}
