import { NO_USAGE, QUOTAS } from "../domain/quotas.ts";
import type { LedgerState } from "../domain/ledger-state.ts";
import { deleteOrderEvent, type OrderEvent } from "../domain/order-events.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import { commit } from "../store/commit.ts";
import type { Database } from "../store/database.ts";
import { Dataset } from "../store/dataset.ts";
import { findEventsToSweep, orderEventsSwept } from "../store/order-events.ts";
import { findLedgerState } from "../store/orders.ts";
import {
  findOrdersAfter,
  findSweepPosition,
  removeOldHistory,
  removeUntouched,
  RETENTION_REQUEST,
  saveSweepPosition,
  STEP_ORDERS,
  STEP_ROWS,
  type SweptOrder,
} from "../store/retention.ts";

/** How many steps one sweep takes, each of a few round trips: what is left is for the next one. */
const MAX_STEPS = 100;
const DAY_MILLISECONDS = 86_400_000;

/** What a sweep has deleted. */
export interface Swept {
  orders: number;
  changes: number;
}

export const NOTHING_SWEPT: Swept = { orders: 0, changes: 0 };

/**
 * Deletes orders that nothing happened to for so many days, with their events, and the history of orders that
 * were deleted so long ago. It goes on where the last sweep has stopped.
 */
export async function sweepOrders(db: Database, now: Date, days: number): Promise<Swept> {
  const cutoff = toTimestamp(new Date(now.getTime() - days * DAY_MILLISECONDS));
  const swept = { ...NOTHING_SWEPT };
  let position = await findSweepPosition(db);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const orders = await findOrdersAfter(db, position);
    for (const batch of batchesOf(orders.filter(({ changed_at }) => changed_at < cutoff))) {
      const [first] = batch;
      if (first!.event_count > STEP_ROWS) await deleteEvents(db, first!);
      else swept.orders += await removeUntouched(db, batch, toTimestamp(now));
    }
    const isEnd = orders.length < STEP_ORDERS;
    position = isEnd ? { dataset_id: 0, sequence: 0 } : orders.at(-1)!;
    await saveSweepPosition(db, position);
    if (isEnd) break;
  }
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const changes = await removeOldHistory(db, cutoff);
    swept.changes += changes;
    if (changes < STEP_ROWS) break;
  }
  return swept;
}

/** Orders that are deleted together, with no more than STEP_ROWS events. An order that has more is alone. */
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

/** Deletes events of an order that has many, as far as the rules allow, and leaves it as old as it was. */
async function deleteEvents(db: Database, order: SweptOrder): Promise<void> {
  // Faults are for the partner's own requests.
  const dataset = new Dataset(db, { ...order, has_faults: true }, undefined);
  const state = await findLedgerState(dataset, order.id);
  if (state?.version !== order.version) return;
  const events = await findEventsToSweep(dataset, order.id, STEP_ROWS);
  const { deleted, ...transition } = withoutEvents(state, events);
  const request = { request_id: RETENTION_REQUEST, received_at: order.changed_at };
  await commit(dataset, orderEventsSwept(dataset, deleted, transition, request));
}

/** The state without these events: a capture stays while refunds need it. */
function withoutEvents(state: LedgerState, events: OrderEvent[]) {
  let next = state;
  const added = { ...NO_USAGE };
  const deleted: OrderEvent[] = [];
  for (const event of events) {
    const decision = deleteOrderEvent(next, event);
    if (!decision.ok) continue;
    next = decision.result.next;
    for (const quota of QUOTAS) added[quota] += decision.result.added[quota];
    deleted.push(event);
  }
  return { next: { ...next, version: state.version + 1 }, added, deleted };
}
