import { and, asc, desc, eq, gt, inArray, isNull, lte, min, type SQL } from "drizzle-orm";
import type { WorkbenchDatabase } from "./database.ts";
import type { DeliveryRow } from "./notification-log.ts";
import { deliveries, notifications } from "./notification-schema.ts";

/** A delivery with its notification and webhook. */
export interface DueDelivery {
  delivery: DeliveryRow;
  notification: Pick<typeof notifications.$inferSelect, "body" | "fault" | "object">;
}

const sent = {
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
    .select(sent)
    .from(deliveries)
    .innerJoin(notifications, eq(notifications.sequence, deliveries.notification))
    .where(
      and(eq(deliveries.webhook_id, webhookId), eq(deliveries.status, "pending"), ...conditions),
    );

/** The deliveries of a webhook that are due, the first one first. Those in a stream are not. */
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

/** When the next delivery of these webhooks is due, after a time; undefined if none is. */
export function nextDueAfter(
  db: WorkbenchDatabase,
  webhookIds: string[],
  now: number,
): number | undefined {
  if (webhookIds.length === 0) return undefined;
  const next = db
    .select({ at: min(deliveries.next_at) })
    .from(deliveries)
    .where(
      and(
        inArray(deliveries.webhook_id, webhookIds),
        eq(deliveries.status, "pending"),
        gt(deliveries.next_at, now),
      ),
    )
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

/** The deliveries in a webhook's stream after a place in it. */
export function findOffered(
  db: WorkbenchDatabase,
  webhookId: string,
  after: number,
  limit: number,
): DueDelivery[] {
  return selectPending(db, webhookId, gt(deliveries.offered, after))
    .orderBy(asc(deliveries.offered))
    .limit(limit)
    .all();
}
