import type { Money } from "./money.ts";
import { sumOfRewards, type OrderLine } from "./order-lines.ts";
import { accept, refuse, type Decision } from "./decision.ts";
import { differingFields } from "./differences.ts";
import { figuresOf, type LedgerState } from "./ledger-state.ts";

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

/** An order as a partner sends it: validated, and without nulls. */
export interface OrderInput {
  id?: string | undefined;
  customer_id?: string | undefined;
  payment_method_id: string;
  partner_order_id: string;
  merchant_id?: string | undefined;
  merchant_name?: string | undefined;
  merchant_address?: Address[] | undefined;
  order_lines?: OrderLine[] | undefined;
  total_order_amount: Money;
  total_rewards_amount?: Money | undefined;
  currency?: string | undefined;
  created_at?: string | undefined;
  updated_at?: string | undefined;
}

/** An order as it is kept and answered, under the contract's own field names. */
export interface Order extends OrderInput {
  id: string;
  total_rewards_amount: Money;
  currency: string;
  created_at: string;
  updated_at: string;
}

/** What the sandbox fills in where the partner sent nothing. Timestamps are RFC 3339. */
export interface OrderDefaults {
  id: string;
  created_at: string;
  updated_at: string;
}

/**
 * The order that an input stands for. The field order is fixed, so that two orders that mean the
 * same have the same JSON.
 */
export function completeOrder(input: OrderInput, defaults: OrderDefaults): Order {
  return {
    id: input.id ?? defaults.id,
    customer_id: input.customer_id,
    payment_method_id: input.payment_method_id,
    partner_order_id: input.partner_order_id,
    merchant_id: input.merchant_id,
    merchant_name: input.merchant_name,
    merchant_address: input.merchant_address,
    order_lines: input.order_lines?.length ? input.order_lines : undefined,
    total_order_amount: input.total_order_amount,
    total_rewards_amount: input.total_rewards_amount ?? sumOfRewards(input.order_lines),
    currency: input.currency ?? DEFAULT_CURRENCY,
    created_at: input.created_at ?? defaults.created_at,
    updated_at: input.updated_at ?? defaults.updated_at,
  };
}

/** The fields in which the order that `input` stands for is not the `stored` one: none if it means the same, however spelled. */
export function orderDifferences(input: OrderInput, stored: Order): string[] {
  return differingFields(completeOrder(input, stored), stored);
}

/** The state of an order that a command wants to change: it has to exist, in one of the expected versions if any are. */
export function requireOrder(
  state: LedgerState | undefined,
  id: string,
  expectedVersions?: readonly number[],
): Decision<LedgerState> {
  if (!state) {
    return refuse({
      type: "ORDER_NOT_FOUND_ERROR",
      param: "order_id",
      message: `There is no order ${id}.`,
    });
  }
  if (expectedVersions && !expectedVersions.includes(state.version)) {
    return refuse({
      type: "PRECONDITION_FAILED_ERROR",
      message: `The order has changed: If-Match names another version than the current one, "${state.version}".`,
      details: { current: `"${state.version}"` },
    });
  }
  return accept(state);
}

/** The order that a PUT leaves: all of it replaced, but for `created_at` where the input has none. */
export function replaceOrder(
  state: LedgerState,
  input: OrderInput,
  updatedAt: string,
): Decision<Order> {
  if (input.id !== undefined && input.id !== state.id) {
    return refuse({
      type: "INVALID_REQUEST_ERROR",
      param: "id",
      message: `id: Expected the id in the path, ${state.id}, or none, but received ${input.id}.`,
    });
  }
  const order = {
    ...completeOrder(input, { id: state.id, created_at: state.created_at, updated_at: updatedAt }),
    updated_at: updatedAt,
  };
  if (order.currency !== state.currency && state.event_count > 0) {
    return refuse({
      type: "CONFLICT_ERROR",
      param: "currency",
      message: `The currency can't change once the order has events: it is ${state.currency}, and ${order.currency} came${input.currency === undefined ? " (the default, as none was sent)" : ""}.`,
      details: { currency: state.currency, requested: order.currency, events: state.event_count },
    });
  }
  return accept(order);
}

/** An order can be deleted while it has no events. */
export function deleteOrder(state: LedgerState): Decision<undefined> {
  if (state.event_count > 0) {
    return refuse({
      type: "CONFLICT_ERROR",
      message: `The order has ${state.event_count} event${state.event_count === 1 ? "" : "s"}: delete ${state.event_count === 1 ? "it" : "them"} before the order.`,
      details: { events: state.event_count, ...figuresOf(state, "amount") },
    });
  }
  return accept(undefined);
}
