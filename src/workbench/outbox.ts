import type { AppliedNotificationFault } from "../domain/notification-faults.ts";
import { subjectOfBody } from "../domain/notification-payloads.ts";
import { logError } from "../log.ts";
import { Database } from "../store/database.ts";
import { findQueued, removeQueued, type QueuedNotification } from "../store/notification-outbox.ts";
import { eq } from "drizzle-orm";
import type { WorkbenchDatabase } from "./database.ts";
import { isLatestHeld } from "./deliveries.ts";
import { takeNotificationFault } from "./faults.ts";
import type { NotificationLog } from "./notification-log.ts";
import type { NotifierHost } from "./notifier.ts";
import { notifications } from "./notification-schema.ts";
import { allWebhooks, receives } from "./webhooks.ts";

/** How many queued notifications one step takes. */
const STEP_ROWS = 100;

/** Takes the notifications of committed events from D1, each exactly once. */
export class Outbox {
  readonly #host: NotifierHost;
  readonly #log: NotificationLog;
  #draining: Promise<void> | undefined;
  #isMoreQueued = false;

  constructor(host: NotifierHost, log: NotificationLog) {
    this.#host = host;
    this.#log = log;
  }

  /** Takes everything that was committed before this call. Throws if D1 can't be reached. */
  async drain(datasetId: number): Promise<void> {
    this.#isMoreQueued = true;
    this.#draining ??= this.#drainAll(datasetId).finally(() => (this.#draining = undefined));
    await this.#draining;
  }

  async #drainAll(datasetId: number): Promise<void> {
    const db = new Database(this.#host.readEnv().DB);
    while (this.#isMoreQueued) {
      this.#isMoreQueued = false;
      const queued = await findQueued(db, datasetId, STEP_ROWS);
      const workbench = this.#host.storage.read(datasetId);
      if (!workbench || !queued || queued.length === 0) return;
      this.#host.storage.transaction(() => {
        for (const each of queued) this.#take(workbench, datasetId, each);
      });
      await this.#remove(db, datasetId, queued);
      if (queued.length === STEP_ROWS) this.#isMoreQueued = true;
    }
  }

  /** Removes taken rows from D1. A row that remains is recognized by its source next time. */
  async #remove(db: Database, datasetId: number, queued: QueuedNotification[]): Promise<void> {
    await this.#host.storage.sync();
    try {
      await removeQueued(db, datasetId, queued);
    } catch (error) {
      logError("queued notifications were not removed", error, { dataset_id: datasetId });
    }
  }

  #take(workbench: WorkbenchDatabase, datasetId: number, queued: QueuedNotification): void {
    const { source, body } = queued;
    const known = workbench
      .select({ sequence: notifications.sequence })
      .from(notifications)
      .where(eq(notifications.source, source))
      .get();
    if (!known) addNotification(workbench, this.#log, datasetId, { body, source });
  }
}

/** Stores a notification for the webhooks that receive its kind, with its fault. Returns its sequence. */
export function addNotification(
  workbench: WorkbenchDatabase,
  log: NotificationLog,
  datasetId: number,
  notification: { body: string; source?: string },
): number {
  const subject = subjectOfBody(notification.body);
  const webhooks = allWebhooks(workbench).filter((each) => receives(each, subject.object));
  let fault: AppliedNotificationFault | undefined;
  if (webhooks.length > 0) {
    // The notification that overtakes a held one must not be held itself.
    const excluded = isLatestHeld(workbench) ? ("reordered_notification" as const) : undefined;
    fault = takeNotificationFault(workbench, subject, excluded);
  }
  return log.insert(workbench, datasetId, { ...notification, fault, webhooks });
}
