import { DurableObject } from "cloudflare:workers";
import { accept, refuse, type Decision } from "../domain/decision.ts";
import { MAX_FAULTS, type AppliedFault, type StoredFault } from "../domain/faults.ts";
import type { ReadinessFacts } from "../domain/readiness/facts.ts";
import { evaluate, type EnvironmentVerdicts } from "../domain/readiness/report.ts";
import type { RequestSubject } from "../domain/request-subject.ts";
import {
  type NewRequest,
  type RequestCounts,
  type RequestDetails,
  type RequestFilter,
} from "../domain/requests.ts";
import { logError } from "../log.ts";
import { emptyPage, type Page, type PageRequest } from "../store/pages.ts";
import { Alarm } from "./alarm.ts";
import { DatasetStorage } from "./database.ts";
import type { DatasetRef, DatasetReply } from "./dataset-ref.ts";
import { setHasFaults } from "../store/current-dataset.ts";
import { EnvironmentFlag, type FlagState } from "./environment-flag.ts";
import * as faults from "./faults.ts";
import { countRequests, NO_REQUESTS } from "./request-counts.ts";
import { requestsAfter } from "./request-source.ts";
import { notConfirmed, tooMany } from "./refusals.ts";
import { RequestLog } from "./request-log.ts";
import {
  findRequest,
  listOrderRequests,
  listRequests,
  type OrderRequests,
  type RecordedRequest,
} from "./request-lists.ts";
import { NotificationRpc } from "./notification-rpc.ts";
import { Notifier } from "./notifier.ts";
import { observeNotifications, observeRequests } from "./readiness.ts";
import { StreamSet, type Watcher } from "./streams.ts";
import { Sweeper } from "./sweeper.ts";
import { WebhookRpc } from "./webhook-rpc.ts";

/** The fault that applies to a request. */
interface TakeFaultResult {
  fault: AppliedFault | undefined;
  /** Whether the caller has to call again for its next request. */
  has_faults: boolean;
}

/**
 * The Durable Object of an environment, named by the environment's ID: its faults, recorded requests, webhooks,
 * notifications and streams. A call for a superseded dataset finds and changes nothing.
 */
export class Workbench extends DurableObject {
  readonly #storage: DatasetStorage;
  readonly #faultFlag = new EnvironmentFlag(setHasFaults);
  readonly #log = new RequestLog();
  readonly #streams: StreamSet;
  readonly #notifier: Notifier;
  readonly #alarm: Alarm;
  readonly #sweeper: Sweeper;
  /** Keeps late requests from recreating the tables. If an eviction clears it, the alarm deletes such tables later. */
  #isDestroyed = false;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#storage = new DatasetStorage(ctx.storage);
    this.#streams = new StreamSet(env.PARTNER_STREAMS);
    this.#alarm = new Alarm(ctx.storage);
    this.#notifier = new Notifier({
      readEnv: () => this.env,
      storage: this.#storage,
      ensureAlarm: (at) => this.#alarm.ensure(at),
      onWrite: () => this.#onWrite(),
      isDestroyed: () => this.#isDestroyed,
    });
    this.#sweeper = new Sweeper({
      storage: this.#storage,
      alarm: this.#alarm,
      requests: this.#log,
      notifications: this.#notifier.log,
    });
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      await this.#storage.open();
    });
  }

  /** Deletes the data of earlier datasets. */
  async reset(datasetId: number): Promise<void> {
    await this.#storage.write(datasetId);
    this.#streams.closeWhere(({ dataset_id }) => dataset_id < datasetId);
  }

  /** Deletes everything when the environment is removed. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    this.#alarm.disable();
    this.#streams.closeWhere(() => true);
    await this.#clear();
  }

  webhooks(): WebhookRpc {
    return new WebhookRpc(this.#notifier);
  }

  notifications(): NotificationRpc {
    return new NotificationRpc(this.#notifier, this.#streams);
  }

  /** Continues deliveries, and deletes expired rows. An unused workbench takes no storage. */
  override async alarm(): Promise<void> {
    this.#alarm.forget();
    const { datasetId } = this.#storage;
    const database = this.#storage.read(datasetId);
    if (!database) return this.#clear();
    if (await this.#notifier.onAlarm(database, datasetId!)) return;
    const left = await this.#sweeper.sweep(this.env, database, datasetId!);
    if (left === "empty") await this.#clear();
  }

  /** Wakes the streams and enforces the limits after notifications or webhooks have changed. */
  #onWrite(): void {
    this.#streams.wake();
    const { datasetId } = this.#storage;
    const database = this.#storage.read(datasetId);
    if (database) this.ctx.waitUntil(this.#sweeper.keepLimits(this.env, database, datasetId!));
  }

  async #clear(): Promise<void> {
    this.#sweeper.recount();
    this.#alarm.forget();
    await this.#storage.clear();
  }

  /** Stores a fault and sets `has_faults` in D1, so that every isolate applies the fault. */
  async addFault(
    dataset: DatasetRef,
    fault: StoredFault,
  ): Promise<DatasetReply<Decision<StoredFault>>> {
    const database = await this.#storage.write(dataset.dataset_id);
    if (!database) return { result: "superseded" };
    const { result, rows } = this.#storage.measure(() => faults.insertFault(database, fault));
    if (result === "too many") return { result: refuse(tooMany("fault", MAX_FAULTS)) };
    try {
      if ((await this.#writeFaultFlag(dataset)) !== "superseded")
        return { result: accept(fault), rows };
      // If the environment was deleted, nothing else would delete these rows.
      if (this.#storage.read(dataset.dataset_id)) await this.#clear();
      return { result: "superseded" };
    } catch (error) {
      logError("a fault was not added", error, { ...dataset });
      const remaining = this.#storage.read(dataset.dataset_id);
      if (remaining) faults.deleteFault(remaining, fault.id);
      return { result: refuse(notConfirmed("fault")) };
    }
  }

  /** A page of the faults that are not used up, newest first; undefined for an unknown cursor. */
  async listFaults(
    dataset: DatasetRef,
    page: PageRequest,
  ): Promise<DatasetReply<Page<StoredFault> | undefined>> {
    return this.#storage.query(dataset, emptyPage(page), (database) =>
      faults.findFaults(database, page),
    );
  }

  /** Returns whether the fault existed. */
  async removeFault(dataset: DatasetRef, id: string): Promise<DatasetReply<boolean>> {
    const reply = this.#storage.query(dataset, false, (database) =>
      faults.deleteFault(database, id),
    );
    if (reply.result === true) this.#writeFaultFlagLater(dataset);
    return reply;
  }

  /** Returns how many faults were removed. */
  async removeFaults(dataset: DatasetRef): Promise<DatasetReply<number>> {
    const reply = this.#storage.query(dataset, 0, faults.deleteFaults);
    if (reply.result !== "superseded" && reply.result > 0) this.#writeFaultFlagLater(dataset);
    return reply;
  }

  /** Returns the fault that applies to a request and counts its use. Clears `has_faults` in D1 after the last fault. */
  async takeFault(
    dataset: DatasetRef,
    subject: RequestSubject,
  ): Promise<DatasetReply<TakeFaultResult>> {
    const none = { fault: undefined, has_faults: false };
    const reply = this.#storage.query<TakeFaultResult>(dataset, none, (database) => ({
      fault: faults.takeFault(database, subject),
      has_faults: faults.hasRequestFaults(database),
    }));
    const { result } = reply;
    if (result === "superseded" || result.has_faults) return reply;
    try {
      result.has_faults = (await this.#writeFaultFlag(dataset)) !== false;
    } catch (error) {
      // The next caller retries.
      logError("has_faults was not cleared", error, { ...dataset });
      result.has_faults = true;
    }
    return reply;
  }

  #writeFaultFlag(dataset: DatasetRef): Promise<FlagState> {
    const readState = () => this.#storage.query(dataset, false, faults.hasRequestFaults).result;
    return this.#faultFlag.write(this.env.DB, dataset, readState);
  }

  /** Runs after the response. Until then, other isolates only make unnecessary calls to the workbench. */
  #writeFaultFlagLater(dataset: DatasetRef): void {
    this.ctx.waitUntil(
      this.#writeFaultFlag(dataset).catch((error) =>
        logError("has_faults was not cleared", error, { ...dataset }),
      ),
    );
  }

  /** Stores requests, and drops those of a superseded dataset. */
  async record({ dataset_id }: DatasetRef, requests: NewRequest[]): Promise<void> {
    const database = this.#isDestroyed ? undefined : await this.#storage.write(dataset_id);
    if (!database) return;
    // The rows that this insert writes aren't counted: `limitRows` counted them when the requests arrived.
    this.#storage.rows.exclude(() => this.#log.insert(database, dataset_id, requests));
    this.#streams.wake();
    await this.#sweeper.keepLimits(this.env, database, dataset_id);
  }

  /** A page of requests, newest first; undefined for an unknown cursor. */
  async listRequests(
    dataset: DatasetRef,
    filter: RequestFilter,
    page: PageRequest,
  ): Promise<DatasetReply<Page<RecordedRequest> | undefined>> {
    return this.#storage.query(dataset, emptyPage(page), (database) =>
      listRequests(database, filter, page),
    );
  }

  async findRequest(
    dataset: DatasetRef,
    id: string,
  ): Promise<DatasetReply<(RecordedRequest & RequestDetails) | undefined>> {
    return this.#storage.query(dataset, undefined, (database) => findRequest(database, id));
  }

  async countRequests(
    dataset: DatasetRef,
    filter: RequestFilter,
  ): Promise<DatasetReply<RequestCounts>> {
    return this.#storage.query(dataset, NO_REQUESTS, (database) => countRequests(database, filter));
  }

  /** The newest writes to an order, including those that changed nothing, oldest first. */
  async listOrderRequests(
    dataset: DatasetRef,
    orderId: string,
  ): Promise<DatasetReply<OrderRequests>> {
    const nothing = { requests: [], has_more: false };
    return this.#storage.query(dataset, nothing, (database) =>
      listOrderRequests(database, orderId),
    );
  }

  /** Evaluates the readiness checks on what happened since a time (milliseconds since 1970). */
  async checkReadiness(
    dataset: DatasetRef,
    { since, card, assume }: Pick<ReadinessFacts, "card" | "assume"> & { since: number },
  ): Promise<DatasetReply<EnvironmentVerdicts>> {
    const nothing = { requests: [], notifications: [], card, assume };
    return this.#storage.query(dataset, evaluate(nothing), (database) =>
      evaluate({
        requests: observeRequests(database, since),
        notifications: observeNotifications(database, since),
        card,
        assume,
      }),
    );
  }

  /** Streams requests as server-sent events, as they are recorded. */
  async watch(
    { dataset_id }: DatasetRef,
    { filter, after, ...watcher }: Watcher & { filter: RequestFilter },
  ): Promise<DatasetReply<Awaited<ReturnType<StreamSet["open"]>>>> {
    const isSuperseded = () => this.#isDestroyed || this.#storage.isSuperseded(dataset_id);
    if (isSuperseded()) return { result: "superseded" };
    const next = requestsAfter(this.#storage, this.#log, { datasetId: dataset_id, filter, after });
    const result = await this.#streams.open({ ...watcher, dataset_id, isSuperseded, next });
    return { result, rows: this.#storage.rows.take() };
  }

  /** Closes the streams of a key. */
  async closeStreams(keyId: number): Promise<void> {
    this.#streams.closeWhere(({ key_id }) => key_id === keyId);
  }
}
