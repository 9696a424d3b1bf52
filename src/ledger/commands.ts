import type { OrderEventInput } from "../domain/order-events.ts";
import type { OrderInput } from "../domain/orders.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { D1Cost, KnownDataset } from "../store/database.ts";
import type { RequestMetadata } from "../store/order-changes.ts";

/** A command on one order. It contains the time and new IDs, so that the ledger uses no clock and no random numbers. */
export interface LedgerCommand {
  order_id: string;
  request: RequestMetadata;
  dataset: KnownDataset;
}

export interface ReplaceOrder extends LedgerCommand {
  input: OrderInput;
  /** The versions that If-Match names; undefined for any. */
  expected_versions?: number[] | undefined;
}

export interface DeleteOrder extends LedgerCommand {
  /** The versions that If-Match names; undefined for any. */
  expected_versions?: number[] | undefined;
}

export interface AppendOrderEvent extends LedgerCommand {
  input: OrderEventInput;
  /** The event's ID if the input has none. */
  new_order_event_id: string;
}

export interface DeleteOrderEvent extends LedgerCommand {
  order_event_id: string;
}

/**
 * A ledger's reply: the outcome, and the cost in D1. After "dataset superseded" and "order changed", nothing was
 * written, and the same command can be sent again.
 */
export interface Reply<T> {
  outcome: Outcome<T> | "dataset superseded" | "order changed";
  cost: D1Cost;
}
