import { logError } from "../log.ts";
import { setHasWebhooks } from "../store/current-dataset.ts";
import { EnvironmentFlag, type FlagState } from "./environment-flag.ts";
import type { DatasetStorage, WorkbenchDatabase } from "./database.ts";
import type { DatasetRef, DatasetReply } from "./dataset-ref.ts";
import { DeliveryLoop } from "./delivery-loop.ts";
import { deleteExpiredNotifications } from "./notification-limits.ts";
import { NotificationLog } from "./notification-log.ts";
import { addNotification, Outbox } from "./outbox.ts";
import { allWebhooks, deleteWebhook } from "./webhooks.ts";

/** How long the alarm waits for an announced event to commit. */
const COMMIT_MILLISECONDS = 5_000;

/** The parts of a workbench that notifications need. */
export interface NotifierHost {
  readEnv: () => Cloudflare.Env;
  storage: DatasetStorage;
  /** Calls `onAlarm` at this time at the latest, also after a restart. */
  ensureAlarm: (at: number) => Promise<void>;
  /** Wakes the streams and keeps the log within its limits. */
  onWrite: () => void;
  isDestroyed: () => boolean;
}

/** Stores and delivers the notifications of an environment. */
export class Notifier {
  readonly host: NotifierHost;
  readonly log = new NotificationLog();
  readonly #flag = new EnvironmentFlag(setHasWebhooks);
  readonly loop: DeliveryLoop;
  readonly #outbox: Outbox;
  /** Announced events may commit until this time, in milliseconds since 1970. */
  #commitsUntil = 0;

  constructor(host: NotifierHost) {
    this.host = host;
    this.#outbox = new Outbox(host, this.log);
    this.loop = new DeliveryLoop(host, this.log);
  }

  /** Sets the alarm for an event that may commit, so that even a restart can't lose its notification. */
  async expect(): Promise<void> {
    this.#commitsUntil = Date.now() + 2 * COMMIT_MILLISECONDS;
    this.loop.pause.expectWork();
    await this.host.ensureAlarm(Date.now() + COMMIT_MILLISECONDS);
  }

  /** Takes the notifications of committed events, and starts to deliver them. */
  async deliver(datasetId: number): Promise<void> {
    await this.#outbox.drain(datasetId);
    this.loop.run();
    this.host.onWrite();
  }

  /** Takes committed notifications before they are read. Only logs a failure, because the alarm retries. */
  async catchUp({ dataset_id }: DatasetRef): Promise<void> {
    const db = this.host.storage.read(dataset_id);
    if (!db || allWebhooks(db).length === 0) return;
    await this.deliver(dataset_id).catch((error) =>
      logError("queued notifications were not read", error, { dataset_id }),
    );
  }

  /** Stores a notification, and starts to deliver it. Returns its sequence. */
  send(db: WorkbenchDatabase, datasetId: number, body: string): number {
    const { storage, onWrite } = this.host;
    const sequence = storage.transaction(() => addNotification(db, this.log, datasetId, { body }));
    this.loop.run();
    onWrite();
    return sequence;
  }

  /**
   * Removes expired webhooks, takes committed notifications, and resumes deliveries that a restart interrupted. Returns
   * true if deliveries are still paused and nothing else was due.
   */
  async onAlarm(db: WorkbenchDatabase, datasetId: number): Promise<boolean> {
    if (this.#commitsUntil === 0 && (await this.loop.resume(db, datasetId))) return true;
    const now = Date.now();
    const isRemoved = removeExpiredWebhooks(db, this.log, datasetId, now);
    if (isRemoved) await this.writeFlag(datasetId);
    if (!isRemoved && allWebhooks(db).length === 0) return false;
    if (now < this.#commitsUntil) await this.host.ensureAlarm(this.#commitsUntil);
    else this.#commitsUntil = 0;
    await this.deliver(datasetId);
    return false;
  }

  /** Writes to D1 whether the environment has webhooks, so that every isolate knows. */
  writeFlag(dataset_id: number): Promise<FlagState> {
    const { readEnv, storage } = this.host;
    // `setHasWebhooks` needs only the dataset's ID.
    const dataset = { dataset_id, environment_id: 0 };
    const readState = () =>
      storage.query(dataset, false, (db) => allWebhooks(db).length > 0).result;
    return this.#flag.write(readEnv().DB, dataset, readState);
  }

  /** Runs `command` on the dataset's database, which is created if nothing is stored yet. */
  async command<T>(
    { dataset_id }: DatasetRef,
    command: (database: WorkbenchDatabase) => T,
  ): Promise<DatasetReply<T>> {
    const { storage, isDestroyed } = this.host;
    const database = isDestroyed() ? undefined : await storage.write(dataset_id);
    return database ? storage.measure(() => command(database)) : { result: "superseded" };
  }
}

/** Removes expired webhooks and cancels their deliveries. Returns whether it removed any. */
function removeExpiredWebhooks(
  db: WorkbenchDatabase,
  log: NotificationLog,
  datasetId: number,
  now: number,
): boolean {
  const expired = allWebhooks(db).filter(
    ({ expires_at }) => expires_at !== undefined && Date.parse(expires_at) <= now,
  );
  for (const { id } of expired) {
    deleteWebhook(db, id);
    log.cancel(db, datasetId, id);
  }
  return expired.length > 0;
}

/** Deletes expired notifications. Returns when the next notification or webhook expires; undefined if none does. */
export function expireNotifications(db: WorkbenchDatabase, now: number): number | undefined {
  const times = allWebhooks(db).flatMap(({ expires_at }) =>
    expires_at === undefined ? [] : [Date.parse(expires_at)],
  );
  const nextNotification = deleteExpiredNotifications(db, now);
  const all = [...times, ...(nextNotification === undefined ? [] : [nextNotification])];
  return all.length === 0 ? undefined : Math.min(...all);
}
