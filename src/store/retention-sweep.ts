import { DEFAULT_ASSUMPTIONS } from "../domain/assumptions.ts";
import { NO_USAGE, QUOTAS } from "../domain/quotas.ts";
import type { LedgerState } from "../domain/ledger-state.ts";
import { deleteOrderEvent, type OrderEvent } from "../domain/order-events.ts";
import { CHANGE_BYTES } from "../domain/stored-bytes.ts";
import { DAY_MILLISECONDS, toTimestamp } from "../domain/timestamp.ts";
import { commit } from "./commit.ts";
import type { Database } from "./database.ts";
import { Dataset } from "./dataset.ts";
import { findEventsToSweep, orderEventsSwept } from "./order-events.ts";
import { findLedgerState } from "./orders.ts";
import type { QueryBudget } from "./query-budget.ts";
import {
  findOrdersAfter,
  removeOldHistory,
  removeUntouched,
  RETENTION_REQUEST,
  STEP_ORDERS,
  STEP_ROWS,
  type SweptOrder,
} from "./retention.ts";
import { findSweepPosition, saveSweepPosition, START } from "./sweep-positions.ts";
import { findTransactionsAfter, REMOVAL_QUERIES, removeUnused } from "./transaction-retention.ts";

/** The maximum number of D1 queries to find the next orders, delete one batch, and save the position. */
const BATCH_QUERIES = 13;

const cutoffOf = (now: Date, days: number) =>
  toTimestamp(new Date(now.getTime() - days * DAY_MILLISECONDS));

/**
 * Deletes orders without a change in the last `days` days, with their events. Walks through the orders of all datasets,
 * and continues where the last sweep stopped. Returns how many orders it deleted.
 */
export async function sweepOrders(budget: QueryBudget, now: Date, days: number): Promise<number> {
  const { db } = budget;
  const cutoff = cutoffOf(now, days);
  let deleted = 0;
  let position = await findSweepPosition(db, "orders");
  let isEnd = false;
  while (!isEnd && budget.allows(BATCH_QUERIES)) {
    const orders = await findOrdersAfter(db, position);
    isEnd = orders.length < STEP_ORDERS;
    position = { ...START, ...orders.at(-1) };
    for (const batch of batchesOf(orders.filter(({ changed_at }) => changed_at < cutoff))) {
      const [first] = batch as [SweptOrder];
      if (!budget.allows(BATCH_QUERIES)) {
        position = { ...START, ...first, sequence: first.sequence - 1 };
        isEnd = false;
        break;
      }
      if (first.event_count > STEP_ROWS) await deleteEvents(db, first);
      else deleted += await removeUntouched(db, batch, toTimestamp(now));
    }
  }
  await saveSweepPosition(db, "orders", isEnd ? START : position);
  return deleted;
}

/**
 * Deletes the transactions that no order event names and that had no event in the last `days` days, and their events.
 * Walks like `sweepOrders`. Returns how many transactions it deleted.
 */
export async function sweepTransactions(
  budget: QueryBudget,
  now: Date,
  days: number,
): Promise<number> {
  const { db } = budget;
  const cutoff = cutoffOf(now, days);
  let deleted = 0;
  let position = await findSweepPosition(db, "transactions");
  let isEnd = false;
  // One query finds the next transactions, and one saves the position.
  while (!isEnd && budget.allows(REMOVAL_QUERIES + 2)) {
    const transactions = await findTransactionsAfter(db, position);
    const last = transactions.at(-1);
    isEnd = last === undefined;
    if (last) position = { ...START, ...last, transaction_id: last.id };
    const old = transactions.filter(({ updated_at }) => updated_at < cutoff);
    if (old.length > 0) deleted += await removeUnused(db, old);
  }
  await saveSweepPosition(db, "transactions", isEnd ? START : position);
  return deleted;
}

/** Deletes the history of orders that were deleted more than `days` days ago. Returns how many changes it deleted. */
export async function sweepHistory(budget: QueryBudget, now: Date, days: number): Promise<number> {
  const cutoff = cutoffOf(now, days);
  let deleted = 0;
  while (budget.allows(2)) {
    const changes = await removeOldHistory(budget.db, cutoff);
    deleted += changes;
    if (changes === 0) break;
  }
  return deleted;
}

/** Groups orders into batches with at most STEP_ROWS events each. An order with more events is a batch of its own. */
function batchesOf(orders: SweptOrder[]): SweptOrder[][] {
  const batches: SweptOrder[][] = [];
  let events = STEP_ROWS;
  for (const order of orders) {
    events += order.event_count;
    if (events >= STEP_ROWS) {
      batches.push([]);
      events = order.event_count;
    }
    batches.at(-1)!.push(order);
  }
  return batches;
}

/**
 * Deletes up to STEP_ROWS events of an order. Dates the deletion with the order's last change, so that the order still
 * counts as old in the next sweep.
 */
async function deleteEvents(db: Database, order: SweptOrder): Promise<void> {
  // Accepts an environment with faults or webhooks: neither applies to a sweep.
  const flags = { has_faults: true, has_webhooks: true };
  const known = { ...order, ...flags, assume: DEFAULT_ASSUMPTIONS };
  const dataset = new Dataset(db, known, undefined);
  const state = await findLedgerState(dataset, order.id);
  if (state?.version !== order.version) return;
  const events = await findEventsToSweep(dataset, order.id, STEP_ROWS);
  const { deleted, ...transition } = withoutEvents(state, events);
  const request = { request_id: RETENTION_REQUEST, received_at: order.changed_at };
  await commit(dataset, orderEventsSwept(dataset, deleted, transition, request));
}

/** The state after these events are deleted, in one change. A capture that refunds depend on is not deleted. */
function withoutEvents(state: LedgerState, events: OrderEvent[]) {
  let next = state;
  const added = { ...NO_USAGE, bytes: CHANGE_BYTES };
  const deleted: OrderEvent[] = [];
  for (const event of events) {
    const decision = deleteOrderEvent(next, event);
    if (!decision.ok) continue;
    next = decision.result.next;
    for (const quota of QUOTAS) added[quota] += decision.result.added[quota];
    // Each decision adds the bytes of its own change, but this is one change.
    added.bytes -= CHANGE_BYTES;
    deleted.push(event);
  }
  return { next: { ...next, version: state.version + 1 }, added, deleted };
}
