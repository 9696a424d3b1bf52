import { DurableObject } from "cloudflare:workers";
import { accept, refuse, type Decision } from "../domain/decision.ts";
import type { AppliedFault, StoredFault } from "../domain/faults.ts";
import type { ReadinessFacts } from "../domain/readiness/facts.ts";
import { evaluate, type EnvironmentVerdicts } from "../domain/readiness/report.ts";
import type { RequestSubject } from "../domain/request-subject.ts";
import {
  REQUEST_DAYS,
  type NewRequest,
  type RequestCounts,
  type RequestDetails,
  type RequestFilter,
} from "../domain/requests.ts";
import { DAY_MILLISECONDS } from "../domain/timestamp.ts";
import { logError } from "../log.ts";
import type { Page, PageRequest } from "../store/pages.ts";
import { DatasetStorage, type WorkbenchDatabase } from "./database.ts";
import type { DatasetRef, DatasetReply } from "./dataset-ref.ts";
import { FAULT_NOT_CONFIRMED, TOO_MANY_FAULTS } from "./fault-refusals.ts";
import { FaultFlag, type FaultState } from "./fault-flag.ts";
import * as faults from "./faults.ts";
import { countRequests, NO_REQUESTS } from "./request-counts.ts";
import { deleteExpired } from "./requests.ts";
import { RequestLog } from "./request-log.ts";
import {
  findRequest,
  listAfter,
  listOrderRequests,
  listRequests,
  type OrderRequest,
  type RecordedRequest,
} from "./request-lists.ts";
import { observeRequests } from "./readiness.ts";
import { StreamSet, type Watcher } from "./streams.ts";

/** The fault that applies to a request. */
export interface TakeFaultResult {
  fault: AppliedFault | undefined;
  /** Whether the caller has to ask again for its next request. */
  has_faults: boolean;
  is_superseded: boolean;
}

/** How many requests a stream reads at a time. */
const STREAM_STEP_ROWS = 100;
/** The shortest time between two deletions of expired requests. */
const SWEEP_MILLISECONDS = 3_600_000;

/**
 * The Durable Object of an environment, named by the environment's ID: its faults, its recorded requests and
 * their streams. Its data belongs to one dataset; a call for an earlier dataset finds and changes nothing.
 */
export class Workbench extends DurableObject {
  readonly #storage: DatasetStorage;
  readonly #faultFlag = new FaultFlag();
  readonly #log = new RequestLog();
  readonly #streams: StreamSet;
  #alarmAt: number | undefined;
  /** Keeps late requests from recreating the tables. After an eviction, the alarm deletes such tables. */
  #isDestroyed = false;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#storage = new DatasetStorage(ctx.storage);
    this.#streams = new StreamSet(env.PARTNER_STREAMS);
    void ctx.blockConcurrencyWhile(() => this.#storage.open());
  }

  /** Deletes the data of earlier datasets. */
  async reset(datasetId: number): Promise<void> {
    await this.#storage.write(datasetId);
    this.#streams.closeWhere(({ dataset_id }) => dataset_id < datasetId);
  }

  /** Deletes everything when the environment is removed. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    this.#streams.closeWhere(() => true);
    await this.#clear();
  }

  /** Deletes expired requests; everything if nothing is left, so that an unused workbench takes no storage. */
  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    const { datasetId } = this.#storage;
    const database = this.#storage.read(datasetId);
    const nextExpiry = database && deleteExpired(database, Date.now());
    const isEmpty = database && nextExpiry === undefined && faults.countFaults(database) === 0;
    if (!database || isEmpty) return this.#clear();
    this.#log.recount();
    await this.#enforceLimits(database, datasetId!);
    await this.#ensureAlarm(nextExpiry);
  }

  async #clear(): Promise<void> {
    this.#log.recount();
    this.#alarmAt = undefined;
    await this.#storage.clear();
  }

  async #ensureAlarm(nextExpiry = Date.now() + REQUEST_DAYS * DAY_MILLISECONDS): Promise<void> {
    const soonest = Date.now() + SWEEP_MILLISECONDS;
    // The limit of a workbench that stores more than the minimum falls as the partner's environments grow.
    const due = this.#log.exceedsMinimum ? soonest : Math.max(nextExpiry, soonest);
    if (this.#alarmAt !== undefined && this.#alarmAt <= due) return;
    const { storage } = this.ctx;
    const current = await storage.getAlarm();
    if (current === null || current > due) await storage.setAlarm(due);
    this.#alarmAt = Math.min(current ?? due, due);
  }

  /** Deletes the oldest requests beyond what the environment may store. */
  async #enforceLimits(database: WorkbenchDatabase, datasetId: number): Promise<void> {
    const maxBytes = await this.#log.readByteLimit(this.env, database, datasetId);
    const isStored = this.#storage.read(datasetId) !== undefined;
    if (isStored) this.#log.deleteSurplus(database, datasetId, maxBytes);
  }

  /** Runs `query` on the dataset's rows; `empty` if nothing is stored. */
  #query<T>(
    { dataset_id }: DatasetRef,
    empty: T,
    query: (database: WorkbenchDatabase) => T,
  ): DatasetReply<T> {
    if (this.#storage.isSuperseded(dataset_id)) return { result: "superseded" };
    const database = this.#storage.read(dataset_id);
    return { result: database ? query(database) : empty };
  }

  /** Stores a fault. On success, D1 has the environment's `has_faults`, so that every isolate applies it. */
  async addFault(
    dataset: DatasetRef,
    fault: StoredFault,
  ): Promise<DatasetReply<Decision<StoredFault>>> {
    const database = await this.#storage.write(dataset.dataset_id);
    if (!database) return { result: "superseded" };
    if (faults.insertFault(database, fault) === "too many")
      return { result: refuse(TOO_MANY_FAULTS) };
    try {
      if ((await this.#writeFaultFlag(dataset)) !== "superseded") return { result: accept(fault) };
      // The environment may be gone, and then nothing would delete these rows later.
      if (this.#storage.read(dataset.dataset_id)) await this.#clear();
      return { result: "superseded" };
    } catch (error) {
      logError("a fault was not added", error, { ...dataset });
      const remaining = this.#storage.read(dataset.dataset_id);
      if (remaining) faults.deleteFault(remaining, fault.id);
      return { result: refuse(FAULT_NOT_CONFIRMED) };
    }
  }

  /** A page of the faults with applications left, newest first; undefined for an unknown cursor. */
  async listFaults(
    dataset: DatasetRef,
    page: PageRequest,
  ): Promise<DatasetReply<Page<StoredFault> | undefined>> {
    return this.#query(dataset, emptyPage(page), (database) => faults.findFaults(database, page));
  }

  /** Whether the fault existed. */
  async removeFault(dataset: DatasetRef, id: string): Promise<DatasetReply<boolean>> {
    const reply = this.#query(dataset, false, (database) => faults.deleteFault(database, id));
    if (reply.result === true) this.#writeFaultFlagLater(dataset);
    return reply;
  }

  /** How many faults were removed. */
  async removeFaults(dataset: DatasetRef): Promise<DatasetReply<number>> {
    const reply = this.#query(dataset, 0, faults.deleteFaults);
    if (reply.result !== "superseded" && reply.result > 0) this.#writeFaultFlagLater(dataset);
    return reply;
  }

  /** Takes the fault that applies to a request. A caller without further faults need not ask again. */
  async takeFault(dataset: DatasetRef, subject: RequestSubject): Promise<TakeFaultResult> {
    const none = { fault: undefined, has_faults: false };
    const { result } = this.#query<Omit<TakeFaultResult, "is_superseded">>(
      dataset,
      none,
      (database) => ({
        fault: faults.takeFault(database, subject),
        has_faults: faults.hasRequestFaults(database),
      }),
    );
    if (result === "superseded") return { fault: undefined, has_faults: true, is_superseded: true };
    const { fault } = result;
    if (result.has_faults) return { fault, has_faults: true, is_superseded: false };
    try {
      const has_faults = (await this.#writeFaultFlag(dataset)) !== false;
      return { fault, has_faults, is_superseded: false };
    } catch (error) {
      // The next caller retries.
      logError("has_faults was not cleared", error, { ...dataset });
      return { fault, has_faults: true, is_superseded: false };
    }
  }

  #writeFaultFlag(dataset: DatasetRef): Promise<FaultState> {
    const readState = () => this.#query(dataset, false, faults.hasRequestFaults).result;
    return this.#faultFlag.write(this.env.DB, dataset, readState);
  }

  /** The response need not wait: a request that looks for a fault meanwhile finds none. */
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
    this.#log.insert(database, dataset_id, requests);
    this.#streams.wake();
    await this.#enforceLimits(database, dataset_id);
    if (!this.#isDestroyed) await this.#ensureAlarm();
  }

  /** A page of requests, newest first; undefined for an unknown cursor. */
  async listRequests(
    dataset: DatasetRef,
    filter: RequestFilter,
    page: PageRequest,
  ): Promise<DatasetReply<Page<RecordedRequest> | undefined>> {
    return this.#query(dataset, emptyPage(page), (database) =>
      listRequests(database, filter, page),
    );
  }

  async findRequest(
    dataset: DatasetRef,
    id: string,
  ): Promise<DatasetReply<(RecordedRequest & RequestDetails) | undefined>> {
    return this.#query(dataset, undefined, (database) => findRequest(database, id));
  }

  async countRequests(
    dataset: DatasetRef,
    filter: RequestFilter,
  ): Promise<DatasetReply<RequestCounts>> {
    return this.#query(dataset, NO_REQUESTS, (database) => countRequests(database, filter));
  }

  /** The writes to an order, also those that changed nothing, oldest first. */
  async listOrderRequests(
    dataset: DatasetRef,
    orderId: string,
  ): Promise<DatasetReply<OrderRequest[]>> {
    return this.#query(dataset, [], (database) => listOrderRequests(database, orderId));
  }

  /** The verdicts of the readiness checks on the requests from `since` (milliseconds since 1970) on. */
  async checkReadiness(
    dataset: DatasetRef,
    { since, ...facts }: Omit<ReadinessFacts, "requests"> & { since: number },
  ): Promise<DatasetReply<EnvironmentVerdicts>> {
    return this.#query(dataset, evaluate({ ...facts, requests: [] }), (database) =>
      evaluate({ ...facts, requests: observeRequests(database, since) }),
    );
  }

  /** Requests as server-sent events, while they are recorded. */
  async watch(
    { dataset_id }: DatasetRef,
    { filter, after, ...watcher }: Watcher,
  ): Promise<DatasetReply<Awaited<ReturnType<StreamSet["open"]>>>> {
    const isSuperseded = () => this.#isDestroyed || this.#storage.isSuperseded(dataset_id);
    if (isSuperseded()) return { result: "superseded" };
    let last = after === undefined ? this.#lastSequence(dataset_id) : Number(after);
    const result = await this.#streams.open({
      ...watcher,
      dataset_id,
      isSuperseded,
      next: () => {
        const database = this.#storage.read(dataset_id);
        if (!database) return [];
        const requests = listAfter(database, filter, last, STREAM_STEP_ROWS);
        last =
          requests.length > 0
            ? Number(requests.at(-1)!.id)
            : Math.max(last, this.#lastSequence(dataset_id));
        return requests;
      },
    });
    return { result };
  }

  /** The sequence of the dataset's newest request. */
  #lastSequence(datasetId: number): number {
    const database = this.#storage.read(datasetId);
    return database ? this.#log.lastSequence(database, datasetId) : 0;
  }

  /** Closes all streams, or those of one key. */
  async closeStreams(keyId?: number): Promise<void> {
    this.#streams.closeWhere(({ key_id }) => keyId === undefined || key_id === keyId);
  }
}

function emptyPage({ starting_after }: PageRequest): Page<never> | undefined {
  return starting_after === undefined ? { data: [], has_more: false, total: 0 } : undefined;
}
