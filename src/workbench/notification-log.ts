import { and, eq, sql } from "drizzle-orm";
import { isAcknowledging, nextAttemptAt } from "../domain/deliveries.ts";
import type { AppliedNotificationFault } from "../domain/notification-faults.ts";
import { subjectOfBody } from "../domain/notification-payloads.ts";
import { bytesOf } from "../domain/stored-bytes.ts";
import type { Webhook } from "../domain/webhooks.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { insertDeliveries, releaseHeld, statusOf, type DeliveryRow } from "./deliveries.ts";
import {
  deleteSurplusNotifications,
  readTotals,
  type NotificationTotals,
} from "./notification-limits.ts";
import { attempts, deliveries, notifications } from "./notification-schema.ts";

/** Rough sizes of rows with their index entries, without their texts. */
const NOTIFICATION_BYTES = 250;
const DELIVERY_BYTES = 150;
const ATTEMPT_BYTES = 200;

interface NewNotification {
  body: string;
  source?: string;
  fault?: AppliedNotificationFault | undefined;
  /** The webhooks that receive it. */
  webhooks: Webhook[];
}

/** An attempt without its IDs. */
export type AttemptOutcome = Pick<
  typeof attempts.$inferInsert,
  "at" | "url" | "headers" | "status" | "response_body" | "ms" | "error"
>;

/** Writes notifications and their attempts within the limits, and caches their totals. */
export class NotificationLog {
  /** Undefined until the rows are counted. */
  #cache: { dataset_id: number; totals: NotificationTotals } | undefined;

  bytes(db: WorkbenchDatabase, datasetId: number): number {
    return this.#totalsOf(db, datasetId).bytes;
  }

  /** Returns a sequence above every earlier one. It contains the time, so it grows even after all rows were deleted. */
  nextSequence(db: WorkbenchDatabase, datasetId: number): number {
    const totals = this.#totalsOf(db, datasetId);
    totals.last = Math.max(Date.now() * 1_000, totals.last + 1);
    return totals.last;
  }

  lastSequence(db: WorkbenchDatabase, datasetId: number): number {
    return this.#totalsOf(db, datasetId).last;
  }

  /** Stores a notification and its deliveries, due unless a fault delays them. Returns its sequence. */
  insert(db: WorkbenchDatabase, datasetId: number, notification: NewNotification): number {
    const { body, source, fault, webhooks } = notification;
    const sequence = this.nextSequence(db, datasetId);
    let count = 0;
    for (const { id } of webhooks) count += insertDeliveries(db, sequence, id, fault);
    const bytes = bytesOf(body) + NOTIFICATION_BYTES + count * DELIVERY_BYTES;
    db.insert(notifications)
      .values({
        sequence,
        changed: sequence,
        at: Date.now(),
        bytes,
        source: source ?? null,
        ...subjectOfBody(body),
        delivery_status: webhooks.length > 0 ? "pending" : "unaddressed",
        attempt_count: 0,
        fault: fault ?? null,
        body,
      })
      .run();
    const totals = this.#totalsOf(db, datasetId);
    totals.rows += 1;
    totals.bytes += bytes;
    return sequence;
  }

  /** Adds deliveries of a stored notification. */
  resend(db: WorkbenchDatabase, datasetId: number, sequence: number, webhooks: Webhook[]): void {
    for (const { id } of webhooks) insertDeliveries(db, sequence, id, undefined);
    this.#change(db, datasetId, sequence, { bytes: webhooks.length * DELIVERY_BYTES });
  }

  /** Stores the outcome of an attempt. Returns whether it acknowledged the notification. */
  record(
    db: WorkbenchDatabase,
    datasetId: number,
    delivery: DeliveryRow,
    { retry_after_seconds }: Webhook,
    outcome: AttemptOutcome,
  ): boolean {
    const isAcknowledged = isAcknowledging(outcome.status ?? null);
    const attempt_count = delivery.attempt_count + 1;
    const next_at = isAcknowledged
      ? null
      : (nextAttemptAt(attempt_count, retry_after_seconds, Date.now()) ?? null);
    const status = isAcknowledged ? "acknowledged" : next_at === null ? "failed" : "pending";
    const { id: delivery_id, notification, webhook_id } = delivery;
    const sequence = this.nextSequence(db, datasetId);
    db.insert(attempts)
      .values({ ...outcome, sequence, notification, delivery_id, webhook_id, next_at })
      .run();
    db.update(deliveries)
      .set({ status, attempt_count, next_at, offered: null, is_held: false })
      .where(eq(deliveries.id, delivery_id))
      .run();
    if (delivery.attempt_count === 0) releaseHeld(db, webhook_id, notification);
    const bytes =
      bytesOf(outcome.response_body ?? "") +
      bytesOf(JSON.stringify(outcome.headers)) +
      ATTEMPT_BYTES;
    this.#change(db, datasetId, notification, { bytes, attempts: 1 });
    return isAcknowledged;
  }

  /** Cancels the pending deliveries of a webhook. */
  cancel(db: WorkbenchDatabase, datasetId: number, webhookId: string): void {
    const cancelled = db
      .delete(deliveries)
      .where(and(eq(deliveries.webhook_id, webhookId), eq(deliveries.status, "pending")))
      .returning({ notification: deliveries.notification })
      .all();
    for (const { notification } of cancelled) {
      this.#change(db, datasetId, notification, { bytes: -DELIVERY_BYTES });
    }
  }

  /** Updates a notification after one of its deliveries has changed. */
  #change(
    db: WorkbenchDatabase,
    datasetId: number,
    sequence: number,
    added: { bytes: number; attempts?: number },
  ): void {
    this.#totalsOf(db, datasetId).bytes += added.bytes;
    db.update(notifications)
      .set({
        changed: this.nextSequence(db, datasetId),
        delivery_status: statusOf(db, sequence),
        attempt_count: sql`${notifications.attempt_count} + ${added.attempts ?? 0}`,
        bytes: sql`${notifications.bytes} + ${added.bytes}`,
      })
      .where(eq(notifications.sequence, sequence))
      .run();
  }

  deleteSurplus(db: WorkbenchDatabase, datasetId: number, maxBytes: number): void {
    deleteSurplusNotifications(db, this.#totalsOf(db, datasetId), maxBytes);
  }

  /** Clears the cached totals, after rows were deleted elsewhere. */
  recount(): void {
    this.#cache = undefined;
  }

  #totalsOf(db: WorkbenchDatabase, datasetId: number): NotificationTotals {
    if (this.#cache?.dataset_id !== datasetId) {
      this.#cache = { dataset_id: datasetId, totals: readTotals(db) };
    }
    return this.#cache.totals;
  }
}
