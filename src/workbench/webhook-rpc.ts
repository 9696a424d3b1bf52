import { RpcTarget } from "cloudflare:workers";
import { accept, refuse, type Decision } from "../domain/decision.ts";
import type { SignatureForm } from "../domain/notification-signature.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import {
  LISTENER_HOURS,
  MAX_WEBHOOKS,
  type Webhook,
  type WebhookSettings,
  type WebhookStatus,
} from "../domain/webhooks.ts";
import { logError } from "../log.ts";
import { emptyPage, type Page, type PageRequest } from "../store/pages.ts";
import type { WorkbenchDatabase } from "./database.ts";
import type { DatasetRef, DatasetReply } from "./dataset-ref.ts";
import type { StoredWebhook } from "./notification-schema.ts";
import type { Notifier } from "./notifier.ts";
import { notConfirmed, tooMany } from "./refusals.ts";
import * as webhooks from "./webhooks.ts";

const HOUR_MILLISECONDS = 3_600_000;

export interface WebhookChange extends Partial<Omit<WebhookSettings, "signature">> {
  signature?: SignatureForm | undefined;
  url?: string | undefined;
  status?: WebhookStatus | undefined;
}

/** The webhooks of an environment, for the routes. */
export class WebhookRpc extends RpcTarget {
  readonly #notifier: Notifier;

  constructor(notifier: Notifier) {
    super();
    this.#notifier = notifier;
  }

  /** Stores a webhook and sets `has_webhooks` in D1, so that every isolate queues notifications. */
  async add(dataset: DatasetRef, webhook: StoredWebhook): Promise<DatasetReply<Decision<Webhook>>> {
    const added = await this.#notifier.command(dataset, (db) => {
      if (webhooks.allWebhooks(db).length >= MAX_WEBHOOKS) return "too many";
      webhooks.insertWebhook(db, withExpiry(webhook, Date.now()));
      return undefined;
    });
    if (added.result === "superseded") return { result: "superseded" };
    if (added.result === "too many") return { result: refuse(tooMany("webhook", MAX_WEBHOOKS)) };
    try {
      if ((await this.#notifier.writeFlag(dataset.dataset_id)) === "superseded")
        return { result: "superseded" };
    } catch (error) {
      logError("a webhook was not added", error, { ...dataset });
      this.#notifier.host.storage.query(dataset, undefined, (db) =>
        webhooks.deleteWebhook(db, webhook.id),
      );
      return { result: refuse(notConfirmed("webhook")) };
    }
    const { result } = await this.find(dataset, webhook.id);
    if (result === "superseded" || !result) return { result: "superseded" };
    await this.#ensureExpiry(result);
    return { result: accept(result), rows: added.rows! };
  }

  /** A page of the webhooks, newest first; undefined for an unknown cursor. */
  async list(
    dataset: DatasetRef,
    page: PageRequest,
  ): Promise<DatasetReply<Page<Webhook> | undefined>> {
    return this.#read(dataset, emptyPage(page), (db) => webhooks.listWebhooks(db, page));
  }

  /** Every webhook, oldest first. */
  async all(dataset: DatasetRef): Promise<DatasetReply<Webhook[]>> {
    return this.#read(dataset, [], (db) => webhooks.allWebhooks(db).map(webhooks.toWebhook));
  }

  async find(dataset: DatasetRef, id: string): Promise<DatasetReply<Webhook | undefined>> {
    return this.#read(dataset, undefined, (db) => {
      const found = webhooks.findWebhook(db, id);
      return found && webhooks.toWebhook(found);
    });
  }

  /** Changes a webhook. Returns the changed one; undefined for an unknown ID. */
  async change(
    dataset: DatasetRef,
    id: string,
    change: WebhookChange,
    host: string,
  ): Promise<DatasetReply<Webhook | undefined>> {
    const reply = await this.#read(dataset, undefined, (db) => {
      const found = webhooks.findWebhook(db, id);
      if (!found) return undefined;
      const changed = changedWebhook(found, change, host);
      webhooks.updateWebhook(db, changed);
      return webhooks.toWebhook(changed);
    });
    this.#notifier.loop.run();
    this.#notifier.host.onWrite();
    return reply;
  }

  /** Removes a webhook and cancels its deliveries. Returns how many are left; undefined for an unknown ID. */
  async remove(dataset: DatasetRef, id: string): Promise<DatasetReply<number | undefined>> {
    const reply = await this.#read(dataset, undefined, (db) => {
      if (!webhooks.findWebhook(db, id)) return undefined;
      webhooks.deleteWebhook(db, id);
      this.#notifier.log.cancel(db, dataset.dataset_id, id);
      return webhooks.allWebhooks(db).length;
    });
    if (typeof reply.result !== "number") return reply;
    this.#notifier.host.onWrite();
    // If this fails, events still queue notifications. Nothing delivers them, which is harmless.
    await this.#notifier
      .writeFlag(dataset.dataset_id)
      .catch((error) => logError("has_webhooks was not cleared", error, { ...dataset }));
    return reply;
  }

  /** Webhooks outlive a reset: the first read after it moves the storage to the new dataset. */
  async #read<T>(
    dataset: DatasetRef,
    empty: T,
    query: (db: WorkbenchDatabase) => T,
  ): Promise<DatasetReply<T>> {
    const { storage } = this.#notifier.host;
    if (storage.datasetId === undefined) return { result: empty };
    return this.#notifier.command(dataset, query);
  }

  async #ensureExpiry({ expires_at }: Webhook): Promise<void> {
    if (expires_at !== undefined) await this.#notifier.host.ensureAlarm(Date.parse(expires_at));
  }
}

/** A webhook without a URL expires a day after its stream was last read. */
export function withExpiry(webhook: StoredWebhook, now: number): StoredWebhook {
  if (webhook.url !== undefined) return webhook;
  const expires_at = toTimestamp(new Date(now + LISTENER_HOURS * HOUR_MILLISECONDS));
  return { ...webhook, expires_at };
}

function changedWebhook(
  webhook: StoredWebhook,
  { status, url, signature, ...settings }: WebhookChange,
  host: string,
): StoredWebhook {
  const given = Object.entries(settings).filter(([, content]) => content !== undefined);
  const { expires_at: _expires, ...rest } = webhook;
  const changed: StoredWebhook = {
    ...(url === undefined ? webhook : { ...rest, url }),
    ...Object.fromEntries(given),
    signature: { ...webhook.signature, ...signature },
    owner: { ...webhook.owner, host },
  };
  if (status === undefined || status === webhook.status) return changed;
  const { paused_because: _, failing_since: __, ...active } = changed;
  if (status === "active") return { ...active, status };
  return { ...changed, status, paused_because: "by_request" };
}
