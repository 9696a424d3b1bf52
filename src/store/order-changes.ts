import { sql, type SQL } from "drizzle-orm";
import type { IdempotencyKey } from "../domain/idempotency.ts";
import type { LedgerTotals } from "../domain/ledger-state.ts";
import type { OrderChange } from "../domain/order-changes.ts";
import type { Database } from "./database.ts";
import { orderChanges } from "./schema.ts";

/** Where a change comes from: the request, its Idempotency-Key, and the time (RFC 3339) it is dated with. */
export interface Origin {
  request_id: string;
  changed_at: string;
  idempotency?: IdempotencyKey | undefined;
}

/** The last version of an order id, 0 for a new one; a deletion is a version too, so ids used again count on. */
export function lastVersion(partnerId: number, orderId: string): SQL<number> {
  return sql`(
    select coalesce(max(version), 0) from order_changes
    where partner_id = ${partnerId} and order_id = ${orderId})`;
}

/**
 * The row that every change of an order leaves, first in the change's batch: it is the audit, and by
 * its primary key the fence. Without a version it takes the next one, for a creation follows nothing.
 */
export function insertChange(
  db: Database,
  entry: {
    partnerId: number;
    orderId: string;
    version?: number;
    change: OrderChange;
    orderEventId?: string;
    totals: LedgerTotals;
    origin: Origin;
  },
) {
  const { partnerId, orderId, totals, origin } = entry;
  return db.insert(orderChanges).values({
    partner_id: partnerId,
    order_id: orderId,
    version: entry.version ?? sql`${lastVersion(partnerId, orderId)} + 1`,
    change: entry.change,
    order_event_id: entry.orderEventId,
    request_id: origin.request_id,
    changed_at: origin.changed_at,
    captured_amount: totals.captured_amount,
    refunded_amount: totals.refunded_amount,
    captured_rewards_amount: totals.captured_rewards_amount,
    refunded_rewards_amount: totals.refunded_rewards_amount,
  });
}

/** A unique constraint that says: someone else has made this version. */
export const FENCE_COLUMN = "order_changes.version";
