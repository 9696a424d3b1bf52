import { and, asc, count, desc, eq, gt, isNull, lt, lte, type SQL } from "drizzle-orm";
import { REORDER_MILLISECONDS } from "../domain/deliveries.ts";
import type { AppliedNotificationFault } from "../domain/notification-faults.ts";
import type { DeliveryStatus } from "../domain/notifications.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { deliveries, notifications } from "./notification-schema.ts";
import { readInSteps } from "./read-in-steps.ts";

export type DeliveryRow = typeof deliveries.$inferSelect;

/** A delivery with the parts of its notification that an attempt needs. */
export interface DueDelivery {
  delivery: DeliveryRow;
  notification: Pick<typeof notifications.$inferSelect, "body" | "fault" | "object">;
}

const dueColumns = {
  delivery: deliveries,
  notification: {
    body: notifications.body,
    fault: notifications.fault,
    object: notifications.object,
  },
};

/** Selects the pending deliveries of a webhook that meet the conditions. */
const selectPending = (db: WorkbenchDatabase, webhookId: string, ...conditions: SQL[]) =>
  db
    .select(dueColumns)
    .from(deliveries)
    .innerJoin(notifications, eq(notifications.sequence, deliveries.notification))
    .where(
      and(eq(deliveries.webhook_id, webhookId), eq(deliveries.status, "pending"), ...conditions),
    );

/** The due deliveries of a webhook, the earliest first, without those already in its stream. */
export function findDue(
  db: WorkbenchDatabase,
  webhookId: string,
  now: number,
  limit: number,
): DueDelivery[] {
  return selectPending(db, webhookId, lte(deliveries.next_at, now), isNull(deliveries.offered))
    .orderBy(asc(deliveries.next_at), asc(deliveries.id))
    .limit(limit)
    .all();
}

/** When the next delivery of a webhook after `now` is due; undefined if none is. */
export function nextDueAfter(
  db: WorkbenchDatabase,
  webhookId: string,
  now: number,
): number | undefined {
  const next = db
    .select({ at: deliveries.next_at })
    .from(deliveries)
    .where(
      and(
        eq(deliveries.webhook_id, webhookId),
        eq(deliveries.status, "pending"),
        isNull(deliveries.offered),
        gt(deliveries.next_at, now),
      ),
    )
    .orderBy(asc(deliveries.next_at))
    .limit(1)
    .get();
  return next?.at ?? undefined;
}

export function findDelivery(db: WorkbenchDatabase, id: number): DeliveryRow | undefined {
  return db.select().from(deliveries).where(eq(deliveries.id, id)).get();
}

/** Whether the latest notification is held back until the next one. */
export function isLatestHeld(db: WorkbenchDatabase): boolean {
  const latest = db
    .select({ is_held: deliveries.is_held })
    .from(deliveries)
    .orderBy(desc(deliveries.notification))
    .limit(1)
    .get();
  return latest?.is_held === true;
}

/** Puts a delivery into the stream of its webhook. */
export function offer(db: WorkbenchDatabase, id: number, offered: number): void {
  db.update(deliveries).set({ offered }).where(eq(deliveries.id, id)).run();
}

/** The pending deliveries in a webhook's stream after a position. */
export function findOffered(
  db: WorkbenchDatabase,
  webhookId: string,
  after: number,
  limit: number,
): DueDelivery[] {
  return readInSteps<DueDelivery>(limit, (last, step) =>
    selectPending(db, webhookId, gt(deliveries.offered, last?.delivery.offered ?? after))
      .orderBy(asc(deliveries.offered))
      .limit(step)
      .all(),
  );
}

/** Adds a notification's deliveries to a webhook, due immediately unless a fault delays them. Returns their number. */
export function insertDeliveries(
  db: WorkbenchDatabase,
  notification: number,
  webhook_id: string,
  fault: AppliedNotificationFault | undefined,
): number {
  const is_held = fault?.fault === "reordered_notification";
  const wait = is_held ? REORDER_MILLISECONDS : (fault?.delay_ms ?? 0);
  const delivery = {
    notification,
    webhook_id,
    status: "pending" as const,
    attempt_count: 0,
    next_at: Date.now() + wait,
    is_held,
  };
  const copies = fault?.fault === "duplicate_notification" ? 2 : 1;
  db.insert(deliveries)
    .values(Array.from({ length: copies }, () => delivery))
    .run();
  return copies;
}

/** Makes the held deliveries of the webhook's earlier notifications due. */
export function releaseHeld(db: WorkbenchDatabase, webhook_id: string, later: number): void {
  db.update(deliveries)
    .set({ next_at: Date.now(), is_held: false })
    .where(
      and(
        eq(deliveries.webhook_id, webhook_id),
        lt(deliveries.notification, later),
        eq(deliveries.is_held, true),
      ),
    )
    .run();
}

export function countDeliveries(db: WorkbenchDatabase, notification: number): number {
  const counted = db
    .select({ total: count() })
    .from(deliveries)
    .where(eq(deliveries.notification, notification))
    .get();
  return counted?.total ?? 0;
}

/** A notification is pending while any delivery is, and has failed if any has. */
export function statusOf(db: WorkbenchDatabase, notification: number): DeliveryStatus {
  const rows = db
    .selectDistinct({ status: deliveries.status })
    .from(deliveries)
    .where(eq(deliveries.notification, notification))
    .all();
  const all = new Set(rows.map(({ status }) => status));
  return (
    (["pending", "failed", "acknowledged"] as const).find((each) => all.has(each)) ?? "unaddressed"
  );
}
