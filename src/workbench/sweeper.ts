import { REQUEST_DAYS } from "../domain/requests.ts";
import { DAY_MILLISECONDS } from "../domain/timestamp.ts";
import type { Alarm } from "./alarm.ts";
import type { DatasetStorage, WorkbenchDatabase } from "./database.ts";
import { countFaults } from "./faults.ts";
import type { NotificationLog } from "./notification-log.ts";
import { expireNotifications } from "./notifier.ts";
import type { RequestLog } from "./request-log.ts";
import { deleteExpired } from "./requests.ts";
import { allWebhooks } from "./webhooks.ts";

/** The shortest time between two deletions of expired rows. */
const SWEEP_MILLISECONDS = 3_600_000;
const SWEPT_KEY = "swept_at";
/** The share of the limit that notifications may take. Requests get the rest. */
const NOTIFICATION_SHARE = 0.5;

/** Keeps the logs of a workbench within their age and size. */
export class Sweeper {
  readonly #storage: DatasetStorage;
  readonly #alarm: Alarm;
  readonly #requests: RequestLog;
  readonly #notifications: NotificationLog;
  /** When the next sweep is due. */
  #dueAt = 0;

  constructor(parts: {
    storage: DatasetStorage;
    alarm: Alarm;
    requests: RequestLog;
    notifications: NotificationLog;
  }) {
    this.#storage = parts.storage;
    this.#alarm = parts.alarm;
    this.#requests = parts.requests;
    this.#notifications = parts.notifications;
  }

  /** Deletes expired rows if it is time to. Returns "empty" if nothing is left. */
  async sweep(
    env: Cloudflare.Env,
    database: WorkbenchDatabase,
    datasetId: number,
  ): Promise<"empty" | "in use"> {
    const now = Date.now();
    const hasWebhooks = allWebhooks(database).length > 0;
    // Alarms of deliveries are frequent, and follow evictions.
    const earliest = (this.#storage.kv.get<number>(SWEPT_KEY) ?? 0) + SWEEP_MILLISECONDS;
    if (hasWebhooks && now < earliest) {
      await this.#alarm.ensure(Math.max(this.#dueAt, earliest));
      return "in use";
    }
    if (hasWebhooks) this.#storage.kv.put(SWEPT_KEY, now);
    const expiries = [deleteExpired(database, now), expireNotifications(database, now)];
    const nextExpiry = Math.min(...expiries.map((each) => each ?? Infinity));
    const isUsed = countFaults(database) > 0 || allWebhooks(database).length > 0;
    if (nextExpiry === Infinity && !isUsed) return "empty";
    this.recount();
    await this.#enforceLimits(env, database, datasetId);
    await this.#schedule(Math.min(nextExpiry, defaultExpiry()));
    return "in use";
  }

  /** Clears the cached totals of the logs, after rows were deleted elsewhere. */
  recount(): void {
    this.#requests.recount();
    this.#notifications.recount();
  }

  /** Enforces the limits after rows were written, and schedules a sweep. */
  async keepLimits(
    env: Cloudflare.Env,
    database: WorkbenchDatabase,
    datasetId: number,
  ): Promise<void> {
    await this.#enforceLimits(env, database, datasetId);
    await this.#schedule();
  }

  /** Schedules a sweep for the next expiry, but at the earliest in an hour. */
  async #schedule(nextExpiry = defaultExpiry()): Promise<void> {
    const soonest = Date.now() + SWEEP_MILLISECONDS;
    // A new environment lowers the byte limit of its partner's others. Those that store more than the minimum may then
    // exceed it, so they are swept every hour.
    this.#dueAt = this.#requests.exceedsMinimum ? soonest : Math.max(nextExpiry, soonest);
    await this.#alarm.ensure(this.#dueAt);
  }

  /** Deletes the oldest requests and notifications beyond what the environment may store. */
  async #enforceLimits(
    env: Cloudflare.Env,
    database: WorkbenchDatabase,
    datasetId: number,
  ): Promise<void> {
    const others = this.#notifications.bytes(database, datasetId);
    const maxBytes = await this.#requests.readByteLimit(env, database, datasetId, others);
    if (this.#storage.read(datasetId) === undefined) return;
    this.#notifications.deleteSurplus(database, datasetId, maxBytes * NOTIFICATION_SHARE);
    const left = maxBytes - this.#notifications.bytes(database, datasetId);
    // These rows were counted in advance, when the requests arrived (`limitRows`).
    this.#storage.rows.exclude(() => this.#requests.deleteSurplus(database, datasetId, left));
  }
}

const defaultExpiry = () => Date.now() + REQUEST_DAYS * DAY_MILLISECONDS;
