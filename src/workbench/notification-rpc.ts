import { RpcTarget } from "cloudflare:workers";
import { accept, refuse, type Decision } from "../domain/decision.ts";
import {
  MAX_DELIVERIES,
  type NotificationFilter,
  type OfferedDelivery,
} from "../domain/notifications.ts";
import { emptyPage, type Page, type PageRequest } from "../store/pages.ts";
import type { DatasetRef, DatasetReply } from "./dataset-ref.ts";
import { countDeliveries, findDelivery, findOffered } from "./deliveries.ts";
import type { AttemptOutcome } from "./notification-log.ts";
import {
  findNotification,
  findNotificationDetails,
  listChangedAfter,
  listNotifications,
  type NotificationDetails,
  type StoredNotification,
} from "./notification-lists.ts";
import type { Notifier } from "./notifier.ts";
import { tooManyDeliveries } from "./refusals.ts";
import { headersOf } from "./send-notification.ts";
import type { RowCounts } from "./row-counter.ts";
import type { StreamItem, StreamSet, Watcher } from "./streams.ts";
import { withExpiry } from "./webhook-rpc.ts";
import { allWebhooks, findWebhook, receives, updateWebhook } from "./webhooks.ts";

/** How many items a stream reads at a time. */
const STREAM_STEP_ROWS = 50;
/** A webhook's new expiry is written only if it is at least this much later than the stored one. */
const EXTENSION_MILLISECONDS = 3_600_000;

/** The outcome of a delivery from the stream, as a program reports it. */
interface ReportedOutcome extends Omit<AttemptOutcome, "at"> {
  delivery_id: number;
  attempt: number;
}

/** The notifications of an environment, for the routes. */
export class NotificationRpc extends RpcTarget {
  readonly #notifier: Notifier;
  readonly #streams: StreamSet;

  constructor(notifier: Notifier, streams: StreamSet) {
    super();
    this.#notifier = notifier;
    this.#streams = streams;
  }

  /** Announces that an event may soon commit. Returns the rows read and written since the last reply. */
  async expect({ dataset_id }: DatasetRef): Promise<RowCounts> {
    const { storage } = this.#notifier.host;
    if (!storage.isSuperseded(dataset_id)) await this.#notifier.expect();
    return storage.rows.take();
  }

  /** Delivers the notifications of committed events. */
  async deliver({ dataset_id }: DatasetRef): Promise<void> {
    const { storage } = this.#notifier.host;
    const reply = await this.#notifier.command({ dataset_id, environment_id: 0 }, () => true);
    if (reply.result === true && storage.read(dataset_id)) await this.#notifier.deliver(dataset_id);
  }

  /** Sends a notification to every webhook that receives its kind. */
  async trigger(dataset: DatasetRef, body: string): Promise<DatasetReply<StoredNotification>> {
    await this.#notifier.catchUp(dataset);
    return this.#notifier.command(dataset, (db) => {
      const sequence = this.#notifier.send(db, dataset.dataset_id, body);
      return findNotification(db, sequence)!;
    });
  }

  /** Sends a notification to one webhook, whatever its kinds; undefined for an unknown webhook. */
  async test(
    dataset: DatasetRef,
    webhookId: string,
    body: string,
  ): Promise<DatasetReply<StoredNotification | undefined>> {
    return this.#notifier.command(dataset, (db) => {
      const webhook = findWebhook(db, webhookId);
      if (!webhook) return undefined;
      const { log, loop, host } = this.#notifier;
      const sequence = log.insert(db, dataset.dataset_id, { body, webhooks: [webhook] });
      loop.run();
      host.onWrite();
      return findNotification(db, sequence);
    });
  }

  /** A page of notifications, newest first; undefined for an unknown cursor. */
  async list(
    dataset: DatasetRef,
    filter: NotificationFilter,
    page: PageRequest,
  ): Promise<DatasetReply<Page<StoredNotification> | undefined>> {
    await this.#notifier.catchUp(dataset);
    return this.#notifier.host.storage.query(dataset, emptyPage(page), (db) =>
      listNotifications(db, filter, page),
    );
  }

  async find(
    dataset: DatasetRef,
    id: string,
  ): Promise<DatasetReply<NotificationDetails | undefined>> {
    return this.#notifier.host.storage.query(dataset, undefined, (db) =>
      findNotificationDetails(db, Number(id)),
    );
  }

  /** Sends a notification again to every webhook that receives its kind; undefined for an unknown ID. */
  async resend(
    dataset: DatasetRef,
    id: string,
  ): Promise<DatasetReply<Decision<StoredNotification> | undefined>> {
    const { log, loop, host } = this.#notifier;
    return host.storage.query(dataset, undefined, (db) => {
      const found = findNotification(db, Number(id));
      if (!found) return undefined;
      const webhooks = allWebhooks(db).filter((each) => receives(each, found.object));
      const count = countDeliveries(db, Number(id));
      if (count + webhooks.length > MAX_DELIVERIES) {
        return refuse(tooManyDeliveries(count, webhooks.length));
      }
      log.resend(db, dataset.dataset_id, Number(id), webhooks);
      loop.run();
      host.onWrite();
      return accept(findNotification(db, Number(id))!);
    });
  }

  /**
   * Stores the outcome of a delivery from the stream. A repeated report changes nothing. Undefined for an unknown
   * delivery, and for one that the sandbox attempts itself.
   */
  async report(
    dataset: DatasetRef,
    id: string,
    { delivery_id, attempt, ...outcome }: ReportedOutcome,
  ): Promise<DatasetReply<StoredNotification | undefined>> {
    const { loop } = this.#notifier;
    return this.#notifier.host.storage.query(dataset, undefined, (db) => {
      const delivery = findDelivery(db, delivery_id);
      const webhook = delivery && findWebhook(db, delivery.webhook_id);
      if (!webhook || webhook.url !== undefined) return undefined;
      if (delivery.notification !== Number(id)) return undefined;
      if (delivery.offered !== null && delivery.attempt_count === attempt - 1) {
        const at = Date.now() - outcome.ms;
        loop.record(db, dataset.dataset_id, delivery, { ...outcome, at });
        loop.run();
      }
      return findNotification(db, Number(id));
    });
  }

  /** Streams notifications as server-sent events, as they change. */
  async watch(
    dataset: DatasetRef,
    filter: NotificationFilter,
    watcher: Watcher,
  ): Promise<DatasetReply<Awaited<ReturnType<StreamSet["open"]>>>> {
    const { dataset_id } = dataset;
    const { log, host } = this.#notifier;
    const database = () => host.storage.read(dataset_id);
    const latest = () => {
      const db = database();
      return db ? log.lastSequence(db, dataset_id) : 0;
    };
    let last = watcher.after === undefined ? latest() : Number(watcher.after);
    return this.#open(dataset, watcher, async () => {
      const db = database();
      const items = db ? listChangedAfter(db, filter, last, STREAM_STEP_ROWS) : [];
      last = items.length > 0 ? Number(items.at(-1)!.id) : Math.max(last, latest());
      return items;
    });
  }

  /** Streams the unreported deliveries of a webhook without a URL; with a cursor, only those after it. */
  async watchDeliveries(
    dataset: DatasetRef,
    webhookId: string,
    watcher: Watcher,
  ): Promise<DatasetReply<Awaited<ReturnType<StreamSet["open"]>> | undefined>> {
    const found = await this.#notifier.command(dataset, (db) => findWebhook(db, webhookId));
    if (found.result === "superseded") return { result: "superseded" };
    if (!found.result || found.result.url !== undefined) return { result: undefined };
    let last = Number(watcher.after ?? 0);
    return this.#open(dataset, watcher, async () => {
      const db = this.#notifier.host.storage.read(dataset.dataset_id);
      const webhook = db && findWebhook(db, webhookId);
      if (!webhook || webhook.status === "paused") return [];
      this.#extend(dataset, webhookId);
      const offered = findOffered(db, webhookId, last, STREAM_STEP_ROWS);
      last = offered.at(-1)?.delivery.offered ?? last;
      return Promise.all(
        offered.map(async (due): Promise<StreamItem> => {
          const { delivery, notification } = due;
          const id = String(delivery.offered);
          const data: OfferedDelivery = {
            id,
            notification_id: String(delivery.notification),
            delivery_id: delivery.id,
            webhook_id: webhookId,
            attempt: delivery.attempt_count + 1,
            object: notification.object,
            headers: await headersOf(webhook, due, Date.now()),
            body: notification.body,
          };
          return { id, data };
        }),
      );
    });
  }

  /** Postpones the expiry of a webhook without a URL while its stream is read. */
  #extend({ dataset_id }: DatasetRef, webhookId: string): void {
    const db = this.#notifier.host.storage.read(dataset_id);
    const webhook = db && findWebhook(db, webhookId);
    if (!webhook?.expires_at) return;
    const extended = withExpiry(webhook, Date.now());
    const gained = Date.parse(extended.expires_at!) - Date.parse(webhook.expires_at);
    if (gained >= EXTENSION_MILLISECONDS) updateWebhook(db!, extended);
  }

  async #open(
    { dataset_id }: DatasetRef,
    watcher: Watcher,
    next: () => Promise<StreamItem[]>,
  ): Promise<DatasetReply<Awaited<ReturnType<StreamSet["open"]>>>> {
    const { storage, isDestroyed } = this.#notifier.host;
    const isSuperseded = () => isDestroyed() || storage.isSuperseded(dataset_id);
    if (isSuperseded()) return { result: "superseded" };
    const result = await this.#streams.open({ ...watcher, dataset_id, isSuperseded, next });
    return { result, rows: storage.rows.take() };
  }
}
