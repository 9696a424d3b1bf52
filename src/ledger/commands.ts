import type { Refusal } from "../domain/decision.ts";
import type { OrderEvent, OrderEventInput } from "../domain/order-events.ts";
import type { Order, OrderInput } from "../domain/orders.ts";
import type { D1Cost } from "../store/database.ts";
import type { Origin } from "../store/order-changes.ts";

/** What every command says. Time and ids come with it, so that the ledger has neither clock nor chance. */
export interface Command {
  partner_id: number;
  order_id: string;
  origin: Origin;
}

export interface CreateOrder extends Command {
  input: OrderInput;
}

export interface ReplaceOrder extends Command {
  input: OrderInput;
  /** From If-Match: the versions that may be replaced; undefined for any. */
  expected_versions?: number[] | undefined;
}

export interface DeleteOrder extends Command {
  /** From If-Match, as above. */
  expected_versions?: number[] | undefined;
}

export interface AppendOrderEvent extends Command {
  input: OrderEventInput;
  /** The id of the event if the partner chose none. */
  new_order_event_id: string;
}

export interface DeleteOrderEvent extends Command {
  order_event_id: string;
}

/** How a command ended. `version` is the order's, after it. */
export type Outcome<T> =
  | { ok: true; value: T; version: number; replayed: boolean }
  | { ok: false; refusal: Refusal };

/** What comes back from the ledger: the outcome, and what it spent in D1. */
export interface Reply {
  outcome: Outcome<Order | OrderEvent | undefined>;
  cost: D1Cost;
  /** How new D1 is after it. */
  bookmark: string;
}

export function done<T>(value: T, version: number): Outcome<T> & { ok: true } {
  return { ok: true, value, version, replayed: false };
}

/** The answer where it can't be said whether the command took effect; safe to retry, as ids are unique. */
export function unavailable(reason: string): Refusal {
  return {
    type: "SERVICE_UNAVAILABLE_ERROR",
    message: `${reason} Send the same request again: with the same ids it takes effect once.`,
  };
}
