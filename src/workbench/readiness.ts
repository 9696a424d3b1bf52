import { asc, desc, getTableColumns, gte } from "drizzle-orm";
import type { ObservedNotification, ObservedRequest } from "../domain/readiness/facts.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { attempts, notifications } from "./notification-schema.ts";
import { requests } from "./schema.ts";

const { bytes: _bytes, ...requestColumns } = getTableColumns(requests);

/** The requests recorded since a time (milliseconds since 1970), oldest first, without their details. */
export function observeRequests(database: WorkbenchDatabase, since: number): ObservedRequest[] {
  return database
    .select(requestColumns)
    .from(requests)
    .where(gte(requests.at, since))
    .orderBy(asc(requests.at), asc(requests.sequence))
    .all()
    .map(({ sequence, remarks, ...row }) => Object.assign(row, { id: String(sequence) }, remarks));
}

/** The checks read at most this many of the newest notifications and attempts. */
const MAX_NOTIFICATIONS = 1_000;
const MAX_ATTEMPTS = 5_000;

const { sequence, at, status, network_transaction_id, delivery_status, fault } =
  getTableColumns(notifications);

/** The newest notifications since a time (milliseconds since 1970) with their attempts, oldest first. */
export function observeNotifications(
  database: WorkbenchDatabase,
  since: number,
): ObservedNotification[] {
  const rows = database
    .select({ sequence, at, status, network_transaction_id, delivery_status, fault })
    .from(notifications)
    .where(gte(at, since))
    .orderBy(desc(sequence))
    .limit(MAX_NOTIFICATIONS)
    .all()
    .toReversed();
  const [first] = rows;
  if (!first) return [];
  const attemptsByNotification = Map.groupBy(
    attemptsFrom(database, first.sequence),
    (each) => each.notification,
  );
  return rows.map((row) => ({
    id: String(row.sequence),
    at: row.at,
    status: row.status,
    network_transaction_id: row.network_transaction_id,
    delivery_status: row.delivery_status,
    fault: row.fault?.fault ?? null,
    attempts: attemptsByNotification.get(row.sequence) ?? [],
  }));
}

/** The newest attempts to deliver this notification and later ones, oldest first. */
function attemptsFrom(database: WorkbenchDatabase, firstNotification: number) {
  const { notification, delivery_id, webhook_id, ...columns } = getTableColumns(attempts);
  return database
    .select({
      notification,
      delivery_id,
      webhook_id,
      at: columns.at,
      status: columns.status,
      ms: columns.ms,
    })
    .from(attempts)
    .where(gte(notification, firstNotification))
    .orderBy(desc(columns.sequence))
    .limit(MAX_ATTEMPTS)
    .all()
    .toReversed();
}
