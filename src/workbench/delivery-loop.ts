import { configOf } from "../config.ts";
import {
  chooseDeliveries,
  hasFailedTooLong,
  MAX_ENVIRONMENT_ATTEMPTS,
} from "../domain/deliveries.ts";
import { DELIVERY_TIMEOUT_MILLISECONDS } from "../domain/notifications.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import { addressProblem } from "../domain/webhook-addresses.ts";
import { MAX_FAILING_HOURS } from "../domain/webhooks.ts";
import { logError } from "../log.ts";
import { AttemptPause } from "./attempt-pause.ts";
import type { WorkbenchDatabase } from "./database.ts";
import {
  findDelivery,
  findDue,
  nextDueAfter,
  offer,
  type DeliveryRow,
  type DueDelivery,
} from "./deliveries.ts";
import type { AttemptOutcome, NotificationLog } from "./notification-log.ts";
import type { StoredWebhook } from "./notification-schema.ts";
import type { NotifierHost } from "./notifier.ts";
import { headersOf, isLost, sendNotification, unsent } from "./send-notification.ts";
import { allWebhooks, findWebhook, updateWebhook } from "./webhooks.ts";

/** How many deliveries one step puts into a stream. */
const OFFERED_ROWS = 100;
/** The alarm goes off this long after an attempt starts. If a restart ended the attempt, the alarm starts it again. */
const ATTEMPT_MILLISECONDS = DELIVERY_TIMEOUT_MILLISECONDS + 5_000;

const LOST = "Not sent: the fault lost_notification applies to the first attempt.";

/** Attempts the due deliveries of an environment. Running attempts are known only in memory: a restart ends them all. */
export class DeliveryLoop {
  readonly #host: NotifierHost;
  readonly #log: NotificationLog;
  /** The webhook of each running attempt, by its delivery. */
  readonly #running = new Map<number, string>();
  readonly pause: AttemptPause;
  /** Whether the limit refused the latest attempt. */
  #isRefused: Promise<boolean> | undefined;

  constructor(host: NotifierHost, log: NotificationLog) {
    this.#host = host;
    this.#log = log;
    this.pause = new AttemptPause(host.storage);
  }

  /** Starts due deliveries within the limits, and sets the alarm for the rest. During a pause, tries one delivery. */
  run(): void {
    const { storage } = this.#host;
    const { datasetId } = storage;
    const db = storage.read(datasetId);
    if (!db || datasetId === undefined) return;
    const now = Date.now();
    const active = allWebhooks(db).filter((webhook) => isActive(webhook, now));
    this.#offerDue(db, datasetId, active, now);
    this.#startDue(db, datasetId, active, now);
    this.#setAlarm(db, active, now);
  }

  /**
   * Tries one delivery after a pause. Returns whether the pause goes on, so that the alarm has nothing else to do. It
   * needs no other alarm meanwhile: the platform repeats an alarm that a restart interrupts.
   */
  async resume(db: WorkbenchDatabase, datasetId: number): Promise<boolean> {
    const now = Date.now();
    if (!this.pause.isOnlyReason(now)) return false;
    const active = allWebhooks(db).filter((webhook) => isActive(webhook, now));
    this.#offerDue(db, datasetId, active, now);
    this.#startDue(db, datasetId, active, now);
    if (this.#running.size === 0) this.pause.clear();
    await this.#isRefused;
    if (this.pause.until <= now) return false;
    this.#setAlarm(db, active, now);
    return true;
  }

  #startDue(db: WorkbenchDatabase, datasetId: number, active: StoredWebhook[], now: number): void {
    const loads = active
      .filter(({ url }) => url !== undefined)
      .map((webhook) => {
        const running = [...this.#running.values()].filter((id) => id === webhook.id).length;
        const due = findDue(db, webhook.id, now, MAX_ENVIRONMENT_ATTEMPTS)
          .filter(({ delivery }) => !this.#running.has(delivery.id))
          .map((each) => ({ webhook, each }));
        return { inFlight: running, due };
      });
    const chosen = chooseDeliveries(loads);
    for (const { webhook, each } of this.pause.isCautious ? chosen.slice(0, 1) : chosen) {
      this.#running.set(each.delivery.id, webhook.id);
      void this.#attempt(datasetId, webhook, each);
    }
  }

  /** Puts the due deliveries of webhooks without a URL into their streams. */
  #offerDue(db: WorkbenchDatabase, datasetId: number, active: StoredWebhook[], now: number): void {
    let isOffered = false;
    for (const webhook of active.filter(({ url }) => url === undefined)) {
      let due: DueDelivery[];
      do {
        due = findDue(db, webhook.id, now, OFFERED_ROWS);
        for (const each of due) {
          if (isLost(each)) {
            this.record(db, datasetId, each.delivery, unsent(undefined, {}, LOST));
          } else {
            offer(db, each.delivery.id, this.#log.nextSequence(db, datasetId));
            isOffered = true;
          }
        }
      } while (due.length === OFFERED_ROWS);
    }
    if (isOffered) this.#host.onWrite();
  }

  async #attempt(datasetId: number, webhook: StoredWebhook, due: DueDelivery): Promise<void> {
    const { storage } = this.#host;
    try {
      const outcome = await this.#outcomeOf(webhook, due);
      const db = storage.read(datasetId);
      if (outcome && db) this.record(db, datasetId, due.delivery, outcome);
    } catch (error) {
      logError("a notification was not delivered", error, { dataset_id: datasetId });
      this.#beginPause();
    } finally {
      this.#running.delete(due.delivery.id);
      if (this.pause.until <= Date.now()) this.run();
    }
  }

  /** The outcome of an attempt; undefined if the partner has to wait. */
  async #outcomeOf(webhook: StoredWebhook, due: DueDelivery): Promise<AttemptOutcome | undefined> {
    const url = webhook.url!;
    const sign = () => headersOf(webhook, due, Date.now());
    if (isLost(due)) return unsent(url, await sign(), LOST);
    const problem = addressProblem(url, {
      anyAddress: configOf(this.#host.readEnv()).sendsToAnyAddress,
      ownHosts: [webhook.owner.host],
    });
    if (problem) return unsent(url, await sign(), `Not sent: ${problem}.`);
    this.#isRefused = this.#isLimited(webhook.owner.partner_id);
    if (await this.#isRefused) return undefined;
    return sendNotification(url, await sign(), due.notification.body);
  }

  async #isLimited(partnerId: number): Promise<boolean> {
    const env = this.#host.readEnv();
    if (configOf(env).hasRateLimits) {
      const { success } = await env.NOTIFICATION_RATE_LIMIT.limit({ key: String(partnerId) });
      if (!success) this.#beginPause();
      if (!success) return true;
    }
    if (this.pause.shorten()) this.run();
    return false;
  }

  #beginPause(): void {
    this.pause.lengthen(Date.now());
    void this.#host.ensureAlarm(this.pause.until);
  }

  /** Stores the outcome of an attempt, unless the delivery was cancelled or attempted meanwhile. */
  record(
    db: WorkbenchDatabase,
    datasetId: number,
    { id, attempt_count }: DeliveryRow,
    outcome: AttemptOutcome,
  ): void {
    const delivery = findDelivery(db, id);
    const isExpected = delivery?.status === "pending" && delivery.attempt_count === attempt_count;
    const webhook = delivery && findWebhook(db, delivery.webhook_id);
    if (!isExpected || !webhook) return;
    const isAcknowledged = this.#log.record(db, datasetId, delivery, webhook, outcome);
    noteOutcome(db, webhook, isAcknowledged);
    this.#host.onWrite();
  }

  #setAlarm(db: WorkbenchDatabase, active: StoredWebhook[], now: number): void {
    const { until } = this.pause;
    const times = now < until ? [until] : [];
    if (this.#running.size > 0 && now >= until) times.push(now + ATTEMPT_MILLISECONDS);
    for (const { id, url } of active) {
      // A pause delays only the deliveries that the sandbox sends.
      const next = url === undefined || now >= until ? nextDueAfter(db, id, now) : undefined;
      if (next !== undefined) times.push(next);
    }
    if (times.length > 0) void this.#host.ensureAlarm(Math.min(...times));
  }
}

/** Whether deliveries of a webhook are attempted. */
function isActive({ status, expires_at, owner }: StoredWebhook, now: number): boolean {
  const ends = [expires_at, owner.expires_at].filter((each) => each != null);
  return status === "active" && ends.every((each) => Date.parse(each) > now);
}

/** Records when a webhook began to fail, and pauses it after a day of failures. */
function noteOutcome(db: WorkbenchDatabase, webhook: StoredWebhook, isAcknowledged: boolean): void {
  const { failing_since, ...working } = webhook;
  if (isAcknowledged) {
    if (failing_since !== undefined) updateWebhook(db, working);
    return;
  }
  const now = new Date();
  if (failing_since === undefined) {
    updateWebhook(db, { ...webhook, failing_since: toTimestamp(now) });
  } else if (hasFailedTooLong(Date.parse(failing_since), now.getTime(), MAX_FAILING_HOURS)) {
    updateWebhook(db, { ...webhook, status: "paused", paused_because: "failed_for_a_day" });
  }
}
