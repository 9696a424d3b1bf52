import type { Refusal } from "../domain/decision.ts";
import type { OrderEventInput } from "../domain/order-events.ts";
import type { OrderInput } from "../domain/orders.ts";
import type { Warning } from "../domain/warnings.ts";
import type { D1Cost, KnownDataset } from "../store/database.ts";
import type { RequestMetadata } from "../store/order-changes.ts";

/** What every command says. Time and ids come with it, so that the ledger has neither clock nor chance. */
export interface Command {
  order_id: string;
  request: RequestMetadata;
}

/** `order_id` is the input's, or a new one where the input has none. */
export interface CreateOrder extends Command {
  input: OrderInput;
}

/** What a ledger is asked, and in which dataset. */
export interface LedgerCommand extends Command {
  dataset: KnownDataset;
}

export interface ReplaceOrder extends LedgerCommand {
  input: OrderInput;
  /** From If-Match: the versions that may be replaced; undefined for any. */
  expected_versions?: number[] | undefined;
}

export interface DeleteOrder extends LedgerCommand {
  /** From If-Match, as above. */
  expected_versions?: number[] | undefined;
}

export interface AppendOrderEvent extends LedgerCommand {
  input: OrderEventInput;
  /** The id of the event if the partner chose none. */
  new_order_event_id: string;
}

export interface DeleteOrderEvent extends LedgerCommand {
  order_event_id: string;
}

/**
 * How a command ended. `replayed`: the same request had taken effect before, and this is its answer. `version`:
 * the order's, which a change has made.
 */
export type Outcome<T> =
  | { ok: true; result: T; replayed: boolean; warnings: Warning[]; version?: number | undefined }
  | { ok: false; refusal: Refusal };

/**
 * What comes back from a ledger: the outcome, and what it spent in D1. "dataset superseded": nothing was done, as the
 * environment has another dataset by now.
 */
export interface Reply<T> {
  outcome: Outcome<T> | "dataset superseded";
  cost: D1Cost;
}

export function done<T>(
  result: T,
  version: number | undefined,
  warnings: Warning[] = [],
): Outcome<T> {
  return { ok: true, result, replayed: false, warnings, version };
}

export function replayed<T>(result: T, warnings: Warning[] = []): Outcome<T> {
  return { ok: true, result, replayed: true, warnings };
}
