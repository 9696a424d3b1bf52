import { sql } from "drizzle-orm";
import type { IdempotencyKey } from "../domain/idempotency.ts";
import type { LedgerTotals } from "../domain/ledger-state.ts";
import type { OrderChange } from "../domain/order-changes.ts";
import { Statement, write, type BoundStatement, value } from "./database.ts";
import { orderChanges } from "./schema.ts";

/** A unique constraint that says: someone else has made this version. */
export const FENCE_COLUMN = "order_changes.version";

/** Where a change comes from: the request, its Idempotency-Key, and the time (RFC 3339) it is dated with. */
export interface Origin {
  request_id: string;
  changed_at: string;
  idempotency?: IdempotencyKey | undefined;
}

/** A change of an order, as its history tells it. */
interface Change {
  partner_id: number;
  order_id: string;
  /** Left out where the change follows nothing: it takes the next version that there is. */
  version?: number;
  change: OrderChange;
  order_event_id?: string;
  totals: LedgerTotals;
  origin: Origin;
}

/** The last version of `order_id`, 0 for a new one; a deletion is a version too, so ids used again count on. */
export const lastVersion = sql<number>`(
  select coalesce(max(version), 0) from order_changes
  where partner_id = ${value("partner_id")} and order_id = ${value("order_id")})`;

const insert = Statement.of(
  write.insert(orderChanges).values({
    partner_id: value("partner_id"),
    order_id: value("order_id"),
    version: sql`coalesce(${value("version")}, ${lastVersion} + 1)`,
    change: value("change"),
    order_event_id: value("order_event_id"),
    request_id: value("request_id"),
    changed_at: value("changed_at"),
    captured_amount: value("captured_amount"),
    refunded_amount: value("refunded_amount"),
    captured_rewards_amount: value("captured_rewards_amount"),
    refunded_rewards_amount: value("refunded_rewards_amount"),
  }),
);

/**
 * The row that every change of an order leaves, first in the change's batch: it is the audit, and by
 * its primary key the fence.
 */
export function insertChange({ totals, origin, ...change }: Change): BoundStatement<never> {
  // The change last: where the totals are a ledger's state, that has a version too, the one before.
  return insert.bind({ version: null, order_event_id: null, ...totals, ...origin, ...change });
}
