import { asc, count, inArray, lte, max, min, ne, sql, sum } from "drizzle-orm";
import { MAX_NOTIFICATIONS } from "../domain/notifications.ts";
import { REQUEST_DAYS } from "../domain/requests.ts";
import { DAY_MILLISECONDS } from "../domain/timestamp.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { attempts, deliveries, notifications } from "./notification-schema.ts";

/** How many of the oldest rows one step deletes. */
const STEP_ROWS = 100;

export interface NotificationTotals {
  rows: number;
  bytes: number;
  /** The highest number used so far as a `sequence`, a `changed` or an `offered`. */
  last: number;
}

export function readTotals(db: WorkbenchDatabase): NotificationTotals {
  const stored = db
    .select({
      rows: count(),
      bytes: sum(notifications.bytes),
      last: max(notifications.changed),
      offered: sql<number | null>`(select max(${deliveries.offered}) from ${deliveries})`,
    })
    .from(notifications)
    .get();
  return {
    rows: stored?.rows ?? 0,
    bytes: Number(stored?.bytes ?? 0),
    last: Math.max(stored?.last ?? 0, stored?.offered ?? 0),
  };
}

/** Deletes the oldest notifications beyond the limits: settled ones first, then pending ones. Updates the totals. */
export function deleteSurplusNotifications(
  db: WorkbenchDatabase,
  totals: NotificationTotals,
  maxBytes: number,
): void {
  const isSurplus = () => totals.rows > MAX_NOTIFICATIONS || totals.bytes > maxBytes;
  for (const settled of [ne(notifications.delivery_status, "pending"), undefined]) {
    while (isSurplus()) {
      const oldest = db
        .select({ sequence: notifications.sequence, bytes: notifications.bytes })
        .from(notifications)
        .where(settled)
        .orderBy(asc(notifications.sequence))
        .limit(STEP_ROWS)
        .all();
      if (oldest.length === 0) break;
      const surplus: number[] = [];
      for (const { sequence, bytes } of oldest) {
        if (!isSurplus()) break;
        surplus.push(sequence);
        totals.rows -= 1;
        totals.bytes -= bytes;
      }
      deleteNotifications(db, surplus);
    }
  }
}

/** Deletes expired notifications. Returns when the oldest remaining one expires; undefined if none remains. */
export function deleteExpiredNotifications(db: WorkbenchDatabase, now: number): number | undefined {
  const lifetime = REQUEST_DAYS * DAY_MILLISECONDS;
  const expired = db
    .select({ sequence: notifications.sequence })
    .from(notifications)
    .where(lte(notifications.at, now - lifetime))
    .all();
  for (let from = 0; from < expired.length; from += STEP_ROWS) {
    deleteNotifications(
      db,
      expired.slice(from, from + STEP_ROWS).map(({ sequence }) => sequence),
    );
  }
  const oldest = db
    .select({ at: min(notifications.at) })
    .from(notifications)
    .get()?.at;
  return oldest == null ? undefined : oldest + lifetime;
}

function deleteNotifications(db: WorkbenchDatabase, sequences: number[]): void {
  db.delete(attempts).where(inArray(attempts.notification, sequences)).run();
  db.delete(deliveries).where(inArray(deliveries.notification, sequences)).run();
  db.delete(notifications).where(inArray(notifications.sequence, sequences)).run();
}
