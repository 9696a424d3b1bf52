import type { Refusal } from "../domain/decision.ts";
import type { OrderEventInput } from "../domain/order-events.ts";
import type { OrderInput } from "../domain/orders.ts";
import type { D1Cost } from "../store/database.ts";
import type { RequestMetadata } from "../store/order-changes.ts";

/** What every command says. Time and ids come with it, so that the ledger has neither clock nor chance. */
export interface Command {
  environment_id: number;
  order_id: string;
  request: RequestMetadata;
}

/** `order_id` is the input's, or a new one where the input has none. */
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

/** How a command ended. `replayed`: the same request had taken effect before, and this is its answer. */
export type Outcome<T> =
  | { ok: true; result: T; replayed: boolean }
  | { ok: false; refusal: Refusal };

/** What comes back from a ledger: the outcome, and what it spent in D1. */
export interface Reply<T> {
  outcome: Outcome<T>;
  cost: D1Cost;
}

export function done<T>(result: T): Outcome<T> {
  return { ok: true, result, replayed: false };
}

export function replayed<T>(result: T): Outcome<T> {
  return { ok: true, result, replayed: true };
}
