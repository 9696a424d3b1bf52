import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { DELIVERY_STATUSES } from "../domain/notifications.ts";
import type { AppliedNotificationFault } from "../domain/notification-faults.ts";
import { NOTIFICATION_KINDS, type Webhook } from "../domain/webhooks.ts";

/** A webhook, with the facts about its environment that deliveries need. */
export interface StoredWebhook extends Webhook {
  owner: {
    partner_id: number;
    /** When the environment expires (RFC 3339); null: never. */
    expires_at: string | null;
    /** The sandbox's own host, to which nothing is delivered. */
    host: string;
  };
}

/** At most ten rows. Like keys, they stay when the environment is reset. */
export const webhooks = sqliteTable("webhooks", {
  sequence: integer().primaryKey({ autoIncrement: true }),
  id: text().notNull().unique(),
  webhook: text({ mode: "json" }).$type<StoredWebhook>().notNull(),
});

/** The newest notifications. Times are in milliseconds since 1970. */
export const notifications = sqliteTable(
  "notifications",
  {
    /** Only grows, and is never reused. */
    sequence: integer().primaryKey(),
    /** The number of the notification's latest change, above all earlier ones. A stream resumes after it. */
    changed: integer().notNull(),
    at: integer().notNull(),
    /** The bytes of the notification with its deliveries and attempts. */
    bytes: integer().notNull(),
    /** The simulated event. It is unique, so that an event that is queued twice gets one notification. */
    source: text().unique(),
    object: text({ enum: NOTIFICATION_KINDS }).notNull(),
    status: text(),
    transaction_id: text(),
    network_transaction_id: text(),
    event_id: text(),
    delivery_status: text({ enum: DELIVERY_STATUSES }).notNull(),
    attempt_count: integer().notNull(),
    fault: text({ mode: "json" }).$type<AppliedNotificationFault>(),
    body: text().notNull(),
  },
  (t) => [index("notifications_changed").on(t.changed)],
);

/** A notification on its way to one webhook. */
export const deliveries = sqliteTable(
  "deliveries",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    notification: integer().notNull(),
    webhook_id: text().notNull(),
    status: text({ enum: ["pending", "acknowledged", "failed"] }).notNull(),
    attempt_count: integer().notNull(),
    /** When the next attempt is due; null if none is. */
    next_at: integer(),
    /** Whether a fault holds it back until a later notification was attempted. */
    is_held: integer({ mode: "boolean" }).notNull(),
    /** Its position in the stream of a webhook without a URL; null if it isn't there. */
    offered: integer(),
  },
  (t) => [
    index("deliveries_notification").on(t.notification),
    index("deliveries_due")
      .on(t.webhook_id, t.offered, t.next_at)
      .where(sql`${t.status} = 'pending'`),
    index("deliveries_held")
      .on(t.webhook_id, t.notification)
      .where(sql`${t.is_held} = 1`),
  ],
);

/** The attempts of all deliveries. */
export const attempts = sqliteTable(
  "attempts",
  {
    sequence: integer().primaryKey(),
    notification: integer().notNull(),
    delivery_id: integer().notNull(),
    webhook_id: text().notNull(),
    at: integer().notNull(),
    url: text(),
    headers: text({ mode: "json" }).$type<Record<string, string>>().notNull(),
    status: integer(),
    response_body: text(),
    ms: integer().notNull(),
    error: text(),
    next_at: integer(),
  },
  (t) => [index("attempts_notification").on(t.notification)],
);
