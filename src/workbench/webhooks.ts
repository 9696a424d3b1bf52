import { asc, desc, eq, lt, and, count } from "drizzle-orm";
import type { NotificationKind, Webhook } from "../domain/webhooks.ts";
import { pageOf, type Page, type PageRequest } from "../store/pages.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { webhooks, type StoredWebhook } from "./notification-schema.ts";

/** All webhooks, oldest first. */
export function allWebhooks(db: WorkbenchDatabase): StoredWebhook[] {
  const rows = db.select().from(webhooks).orderBy(asc(webhooks.sequence)).all();
  return rows.map(({ webhook }) => webhook);
}

export function findWebhook(db: WorkbenchDatabase, id: string): StoredWebhook | undefined {
  return db.select().from(webhooks).where(eq(webhooks.id, id)).get()?.webhook;
}

/** A page of webhooks, newest first; undefined for an unknown cursor. */
export function listWebhooks(
  db: WorkbenchDatabase,
  { limit, starting_after }: PageRequest,
): Page<Webhook> | undefined {
  const cursor =
    starting_after === undefined
      ? undefined
      : db.select().from(webhooks).where(eq(webhooks.id, starting_after)).get();
  if (starting_after !== undefined && !cursor) return undefined;
  const rows = db
    .select()
    .from(webhooks)
    .where(and(cursor && lt(webhooks.sequence, cursor.sequence)))
    .orderBy(desc(webhooks.sequence))
    .limit(limit + 1)
    .all();
  const counted = db.select({ total: count() }).from(webhooks).get();
  return pageOf(
    rows.map(({ webhook }) => toWebhook(webhook)),
    limit,
    counted?.total ?? 0,
  );
}

export function insertWebhook(db: WorkbenchDatabase, webhook: StoredWebhook): void {
  db.insert(webhooks).values({ id: webhook.id, webhook }).run();
}

export function updateWebhook(db: WorkbenchDatabase, webhook: StoredWebhook): void {
  db.update(webhooks).set({ webhook }).where(eq(webhooks.id, webhook.id)).run();
}

export function deleteWebhook(db: WorkbenchDatabase, id: string): void {
  db.delete(webhooks).where(eq(webhooks.id, id)).run();
}

/** The webhook, without the fields that only deliveries need. */
export function toWebhook(stored: StoredWebhook): Webhook {
  const { owner: _owner, ...webhook } = stored;
  return webhook;
}

export const receives = (webhook: Webhook, kind: NotificationKind): boolean =>
  webhook.kinds.includes(kind);
