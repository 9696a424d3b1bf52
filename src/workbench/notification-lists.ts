import { and, asc, count, desc, eq, getTableColumns, gt, gte, lt, type SQL } from "drizzle-orm";
import { withoutNulls, type WithoutNulls } from "../domain/complete.ts";
import {
  MAX_SHOWN_ATTEMPTS,
  type Attempt,
  type Delivery,
  type NotificationFilter,
  type NotificationSummary,
} from "../domain/notifications.ts";
import { jsonBytesOf, MAX_PAGE_BYTES, untilTooLong } from "../domain/stored-bytes.ts";
import { pageOf, type Page, type PageRequest } from "../store/pages.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { attempts, deliveries, notifications } from "./notification-schema.ts";
import { readInSteps } from "./read-in-steps.ts";
import { allWebhooks } from "./webhooks.ts";

type Nullable = "next_at";

/** A stored notification, without its null fields. Lists use its ID, which only grows, as their cursor. */
export interface StoredNotification extends WithoutNulls<Omit<NotificationSummary, Nullable>> {
  id: string;
  next_at: string | null;
}

export interface NotificationDetails extends StoredNotification {
  body: string;
  deliveries: Delivery[];
  attempts: Attempt[];
}

const { body: _, bytes: __, source: ___, ...summary } = getTableColumns(notifications);
type Row = Omit<typeof notifications.$inferSelect, "body" | "bytes" | "source">;

type Conditions = { [Name in keyof NotificationFilter]-?: (wanted: string) => SQL };

const CONDITIONS: Conditions = {
  object: (object) => eq(notifications.object, object as Row["object"]),
  status: (status) => eq(notifications.status, status),
  delivery_status: (status) => eq(notifications.delivery_status, status as Row["delivery_status"]),
  transaction_id: (id) => eq(notifications.transaction_id, id),
  network_transaction_id: (id) => eq(notifications.network_transaction_id, id),
  event_id: (id) => eq(notifications.event_id, id),
  since: (time) => gte(notifications.at, Date.parse(time)),
};

function conditionOf(filter: NotificationFilter): SQL | undefined {
  const wanted = Object.entries(filter).filter(([, content]) => content !== undefined);
  return and(...wanted.map(([name, content]) => CONDITIONS[name as keyof Conditions](content)));
}

const toTime = (at: number) => new Date(at).toISOString();
const toTimeOrNull = (at: number | null) => (at === null ? null : toTime(at));

/** The deliveries of a notification. A paused webhook has no next attempt. */
function deliveriesOf(
  db: WorkbenchDatabase,
  notification: number,
  paused: ReadonlySet<string>,
): Delivery[] {
  return db
    .select()
    .from(deliveries)
    .where(eq(deliveries.notification, notification))
    .orderBy(asc(deliveries.id))
    .all()
    .map(({ id, webhook_id, status, attempt_count, next_at }) => ({
      id,
      webhook_id,
      status,
      attempt_count,
      next_at: paused.has(webhook_id) ? null : toTimeOrNull(next_at),
    }));
}

function pausedWebhooks(db: WorkbenchDatabase): Set<string> {
  const paused = allWebhooks(db).filter(({ status }) => status === "paused");
  return new Set(paused.map(({ id }) => id));
}

function toNotification(row: Row, own: Delivery[]): StoredNotification {
  const { sequence, changed: _changed, at, object, delivery_status, attempt_count, ...rest } = row;
  const times = own.flatMap(({ next_at }) => next_at ?? []).toSorted();
  return {
    id: String(sequence),
    object,
    ...withoutNulls(rest),
    at: toTime(at),
    delivery_status,
    attempt_count,
    next_at: times[0] ?? null,
  };
}

function toNotifications(db: WorkbenchDatabase, rows: Row[]): StoredNotification[] {
  const paused = pausedWebhooks(db);
  return rows.map((row) => toNotification(row, deliveriesOf(db, row.sequence, paused)));
}

/** A page of notifications, newest first; undefined for an unknown cursor. */
export function listNotifications(
  db: WorkbenchDatabase,
  filter: NotificationFilter,
  { limit, starting_after }: PageRequest,
): Page<StoredNotification> | undefined {
  const matching = conditionOf(filter);
  const before = starting_after === undefined ? undefined : Number(starting_after);
  if (before !== undefined && !findRow(db, before)) return undefined;
  const rows = readInSteps<Row>(limit + 1, (last, step) => {
    const sequence = last?.sequence ?? before;
    const isBefore = sequence === undefined ? undefined : lt(notifications.sequence, sequence);
    return db
      .select(summary)
      .from(notifications)
      .where(and(matching, isBefore))
      .orderBy(desc(notifications.sequence))
      .limit(step)
      .all();
  });
  const counted = db.select({ total: count() }).from(notifications).where(matching).get();
  return pageOf(toNotifications(db, rows), limit, counted?.total ?? 0);
}

const findRow = (db: WorkbenchDatabase, sequence: number) =>
  db
    .select({ ...summary, body: notifications.body })
    .from(notifications)
    .where(eq(notifications.sequence, sequence))
    .get();

export function findNotification(
  db: WorkbenchDatabase,
  sequence: number,
): StoredNotification | undefined {
  const found = findRow(db, sequence);
  if (!found) return undefined;
  const { body: _body, ...row } = found;
  return toNotifications(db, [row])[0];
}

export function findNotificationDetails(
  db: WorkbenchDatabase,
  sequence: number,
): NotificationDetails | undefined {
  const row = findRow(db, sequence);
  if (!row) return undefined;
  const { body, ...rest } = row;
  const own = deliveriesOf(db, sequence, pausedWebhooks(db));
  return {
    ...toNotification(rest, own),
    body,
    deliveries: own,
    // The response also has the body as a payload.
    attempts: newestAttempts(db, sequence, MAX_PAGE_BYTES - 2 * jsonBytesOf(body)),
  };
}

/** The newest attempts that fit into the bytes, but at least one, oldest first. */
function newestAttempts(db: WorkbenchDatabase, notification: number, maxBytes: number): Attempt[] {
  const rows = readInSteps<typeof attempts.$inferSelect>(MAX_SHOWN_ATTEMPTS, (last, step) => {
    const isBefore = last && lt(attempts.sequence, last.sequence);
    return db
      .select()
      .from(attempts)
      .where(and(eq(attempts.notification, notification), isBefore))
      .orderBy(desc(attempts.sequence))
      .limit(step)
      .all();
  });
  const found = rows.map(({ sequence: _sequence, notification: _of, at, next_at, ...attempt }) =>
    Object.assign(attempt, { at: toTime(at), next_at: toTimeOrNull(next_at) }),
  );
  return untilTooLong(found, jsonBytesOf, maxBytes).toReversed();
}

/** A change of a notification, with its place in the stream. */
interface Change {
  id: string;
  data: StoredNotification;
}

/** The matching notifications that changed after a place in the stream, the oldest change first. */
export function listChangedAfter(
  db: WorkbenchDatabase,
  filter: NotificationFilter,
  after: number,
  limit: number,
): Change[] {
  const rows = readInSteps<Row>(limit, (last, step) =>
    db
      .select(summary)
      .from(notifications)
      .where(and(gt(notifications.changed, last?.changed ?? after), conditionOf(filter)))
      .orderBy(asc(notifications.changed))
      .limit(step)
      .all(),
  );
  const changed = toNotifications(db, rows);
  return rows.map((row, index) => ({ id: String(row.changed), data: changed[index]! }));
}
