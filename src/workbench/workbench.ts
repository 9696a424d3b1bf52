import { DurableObject } from "cloudflare:workers";
import { accept, refuse, type Decision, type Refusal } from "../domain/decision.ts";
import { MAX_FAULTS, type AppliedFault, type StoredFault } from "../domain/faults.ts";
import type { RequestSubject } from "../domain/request-subject.ts";
import {
  DAY_MILLISECONDS,
  REQUEST_DAYS,
  type NewRequest,
  type RequestDetails,
  type RequestFilter,
} from "../domain/requests.ts";
import { logError } from "../log.ts";
import { Database, type KnownDataset } from "../store/database.ts";
import { setHasFaults } from "../store/environments.ts";
import type { Page, PageRequest } from "../store/pages.ts";
import * as stored from "./faults.ts";
import {
  deleteOld,
  insertRequests,
  RequestUsage,
  selectAfter,
  selectOfOrder,
  selectPage,
  selectRequest,
  type OrderRequest,
  type RecordedRequest,
} from "./requests.ts";
import { Streams } from "./streams.ts";
import { Tables, type WorkbenchDatabase } from "./tables.ts";

/** Which dataset of which environment is meant. */
export type DatasetRef = Omit<KnownDataset, "has_faults">;

/** "superseded" to who means a dataset that there is a later one than. */
type OrSuperseded<T> = T | "superseded";

/** What a method answers. Not a union by itself, which would lose its type on the way out of the object. */
export interface WorkbenchReply<T> {
  answer: OrSuperseded<T>;
}

/** What acts on a request, and whether whoever asked has to ask for its next request too. */
export interface TakenFault {
  fault: AppliedFault | undefined;
  has_faults: boolean;
  /** There is a later dataset, which the request has to be in. */
  is_superseded: boolean;
}
/** How many requests a stream reads at a time. */
const STREAM_STEP_ROWS = 100;
/** How often requests that are too old are deleted at most. */
const SWEEP_MILLISECONDS = 3_600_000;

/** Who wants to watch requests, which of them, and after which. */
export interface Watcher {
  key_id: number;
  expires_at: string | null;
  filter: RequestFilter;
  after?: string | undefined;
}

/**
 * What an environment has beside its data, in a Durable Object of its own, named by the environment: the
 * faults that are to act, and the requests that came. What it has belongs to one dataset of the environment;
 * what is asked or said of an earlier one finds nothing, and changes nothing.
 */
export class Workbench extends DurableObject {
  readonly #tables: Tables;
  /** What D1 was told last, as far as that is certain; and what tells it, one after another. */
  #told: { dataset_id: number; has_faults: boolean } | undefined;
  #telling: Promise<unknown> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#tables = new Tables(ctx.storage);
  }

  /** Forgets everything of the datasets before this one. */
  async reset(datasetId: number): Promise<void> {
    this.#tables.forDataset(datasetId);
    this.#streams.closeWhere(({ dataset_id }) => dataset_id < datasetId);
  }

  /** Deletes everything, for an environment that is gone. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    this.#streams.closeWhere(() => true);
    await this.#deleteAll();
  }

  async #deleteAll(): Promise<void> {
    this.#usage = undefined;
    this.#hasAlarm = false;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  // Faults.

  /** Keeps a fault. When this is answered, D1 says that there are faults, so that every isolate asks for them. */
  async addFault(
    dataset: DatasetRef,
    fault: StoredFault,
  ): Promise<WorkbenchReply<Decision<StoredFault>>> {
    const db = this.#tables.forDataset(dataset.dataset_id);
    if (!db) return { answer: "superseded" };
    if (stored.insertFault(db, fault) === "too many") return { answer: refuse(TOO_MANY) };
    try {
      if ((await this.#tellD1(dataset)) !== "superseded") return { answer: accept(fault) };
      // All that there is of a dataset that is over, is over: it may be the environment, which nobody deletes again.
      if (this.#tables.ofDataset(dataset.dataset_id)) await this.#deleteAll();
      return { answer: "superseded" };
    } catch (error) {
      logError("a fault was not armed", error, { ...dataset });
      const there = this.#tables.ofDataset(dataset.dataset_id);
      if (there) stored.deleteFault(there, fault.id);
      return { answer: refuse(NOT_ARMED) };
    }
  }

  /** A page of the faults that will still act, newest first; undefined when the cursor is none of them. */
  async listFaults(
    { dataset_id }: DatasetRef,
    page: PageRequest,
  ): Promise<WorkbenchReply<Page<StoredFault> | undefined>> {
    const answer = this.#read(dataset_id, (db) => stored.findFaults(db, page), emptyPage(page));
    return { answer };
  }

  /** Whether there was such a fault. From now on it acts on nothing. */
  async removeFault(dataset: DatasetRef, id: string): Promise<WorkbenchReply<boolean>> {
    const answer = this.#read(dataset.dataset_id, (db) => stored.deleteFault(db, id), false);
    if (answer === true) this.#tellD1Later(dataset);
    return { answer };
  }

  /** How many faults there were. From now on they act on nothing. */
  async removeFaults(dataset: DatasetRef): Promise<WorkbenchReply<number>> {
    const answer = this.#read(dataset.dataset_id, stored.deleteFaults, 0);
    if (answer !== "superseded" && answer > 0) this.#tellD1Later(dataset);
    return { answer };
  }

  /**
   * The fault that acts on a request, if one does, and whether there are more. Who hears that there are none
   * needn't ask again: D1 says so too.
   */
  async takeFault(dataset: DatasetRef, subject: RequestSubject): Promise<TakenFault> {
    const taken = this.#read(
      dataset.dataset_id,
      (db) => ({
        fault: stored.takeFault(db, subject),
        has_faults: stored.countFaults(db) > 0,
      }),
      { fault: undefined, has_faults: false },
    );
    if (taken === "superseded") return { fault: undefined, has_faults: true, is_superseded: true };
    const { fault } = taken;
    if (taken.has_faults) return { fault, has_faults: true, is_superseded: false };
    try {
      return {
        fault,
        has_faults: (await this.#tellD1(dataset)) !== "unarmed",
        is_superseded: false,
      };
    } catch (error) {
      // Whoever asks next tries it again.
      logError("faults were not disarmed", error, { ...dataset });
      return { fault, has_faults: true, is_superseded: false };
    }
  }

  /** What the tables of a dataset have; `nothing` where nothing was ever written. */
  #read<T>(datasetId: number, read: (db: WorkbenchDatabase) => T, nothing: T): OrSuperseded<T> {
    if (this.#tables.isOver(datasetId)) return "superseded";
    const db = this.#tables.ofDataset(datasetId);
    return db ? read(db) : nothing;
  }

  /**
   * Tells D1 whether there are faults, as it is when its turn comes. So D1 ends right however many come and
   * go meanwhile, and hears of one that was added before that is answered.
   */
  #tellD1(dataset: DatasetRef): Promise<"armed" | "unarmed" | "superseded"> {
    const telling = this.#telling.then(async () => {
      const { dataset_id } = dataset;
      const has_faults = this.#read(dataset_id, (db) => stored.countFaults(db) > 0, false);
      if (has_faults === "superseded") return "superseded";
      const isTold = this.#told?.dataset_id === dataset_id && this.#told.has_faults === has_faults;
      if (!isTold) {
        this.#told = undefined;
        if (!(await setHasFaults(new Database(this.env.DB), dataset, has_faults)))
          return "superseded";
        this.#told = { dataset_id, has_faults };
      }
      return has_faults ? "armed" : "unarmed";
    });
    this.#telling = telling.catch(() => undefined);
    return telling;
  }

  /** Nobody waits for it: who asks for a fault meanwhile hears that there is none. */
  #tellD1Later(dataset: DatasetRef): void {
    this.ctx.waitUntil(
      this.#tellD1(dataset).catch((error) =>
        logError("faults were not disarmed", error, { ...dataset }),
      ),
    );
  }

  // Requests

  readonly #streams = new Streams();
  /** What the requests of the tables' dataset take. */
  #usage: { dataset_id: number; of: RequestUsage } | undefined;
  #hasAlarm = false;
  /** What comes late is not to make the tables again. When this is forgotten too, the alarm deletes them. */
  #isDestroyed = false;

  /** Records requests. Those of a dataset that is over are dropped. */
  async record({ dataset_id }: DatasetRef, items: NewRequest[]): Promise<void> {
    const database = this.#isDestroyed ? undefined : this.#tables.forDataset(dataset_id);
    if (!database) return;
    if (this.#usage?.dataset_id !== dataset_id) {
      this.#usage = { dataset_id, of: new RequestUsage(database) };
    }
    insertRequests(database, this.#usage.of, items, Date.now());
    this.#streams.wake();
    await this.#ensureAlarm();
  }

  /** A page of the dataset's requests, newest first; undefined where the cursor is none of them. */
  async listRequests(
    { dataset_id }: DatasetRef,
    filter: RequestFilter,
    page: PageRequest,
  ): Promise<WorkbenchReply<Page<RecordedRequest> | undefined>> {
    const read = (db: WorkbenchDatabase) => selectPage(db, filter, page);
    return { answer: this.#read(dataset_id, read, emptyPage(page)) };
  }

  async findRequest(
    { dataset_id }: DatasetRef,
    id: string,
  ): Promise<WorkbenchReply<(RecordedRequest & RequestDetails) | undefined>> {
    return { answer: this.#read(dataset_id, (db) => selectRequest(db, id), undefined) };
  }

  /** What was written to an order, or tried, oldest first. */
  async requestsOfOrder(
    { dataset_id }: DatasetRef,
    orderId: string,
  ): Promise<WorkbenchReply<OrderRequest[]>> {
    return { answer: this.#read(dataset_id, (db) => selectOfOrder(db, orderId), []) };
  }

  /** The requests as server-sent events, as they are recorded; undefined where too many watch already. */
  async watch(
    { dataset_id }: DatasetRef,
    { key_id, expires_at, filter, after }: Watcher,
  ): Promise<WorkbenchReply<ReadableStream<Uint8Array> | undefined>> {
    if (this.#isDestroyed || this.#tables.isOver(dataset_id)) return { answer: "superseded" };
    // What is to come begins after the newest that there is now.
    let last = after === undefined ? this.#lastOf(dataset_id) : Number(after);
    const answer = await this.#streams.open({
      dataset_id,
      key_id,
      expires_at,
      isOver: () => this.#tables.isOver(dataset_id),
      next: () => {
        const database = this.#tables.ofDataset(dataset_id);
        if (!database) return [];
        const items = selectAfter(database, filter, last, STREAM_STEP_ROWS);
        last =
          items.length > 0 ? Number(items.at(-1)!.id) : Math.max(last, this.#lastOf(dataset_id));
        return items;
      },
    });
    return { answer };
  }

  /** The sequence of the dataset's newest request. */
  #lastOf(datasetId: number): number {
    if (this.#usage?.dataset_id === datasetId) return this.#usage.of.last;
    const database = this.#tables.ofDataset(datasetId);
    return database ? new RequestUsage(database).last : 0;
  }

  /** Closes what a key watches that was revoked. */
  async keyRevoked(keyId: number): Promise<void> {
    this.#streams.closeWhere(({ key_id }) => key_id === keyId);
  }

  /** Deletes the requests that are too old; where nothing is left, everything, so that no workbench lasts unused. */
  override async alarm(): Promise<void> {
    this.#usage = undefined;
    this.#hasAlarm = false;
    const database = this.#tables.ofLatestDataset();
    const oldest = database && deleteOld(database, Date.now());
    const hasFaults = database !== undefined && stored.countFaults(database) > 0;
    const isUnused = oldest === undefined && !hasFaults;
    if (isUnused) return this.#deleteAll();
    await this.#ensureAlarm(oldest);
  }

  async #ensureAlarm(at = Date.now() + REQUEST_DAYS * DAY_MILLISECONDS): Promise<void> {
    if (this.#hasAlarm) return;
    this.#hasAlarm = true;
    const { storage } = this.ctx;
    if ((await storage.getAlarm()) !== null) return;
    await storage.setAlarm(Math.max(at, Date.now() + SWEEP_MILLISECONDS));
  }
}

function emptyPage({ starting_after }: PageRequest): Page<never> | undefined {
  return starting_after === undefined ? { data: [], has_more: false, total: 0 } : undefined;
}

const TOO_MANY: Refusal = {
  type: "CONFLICT_ERROR",
  message: `There are ${MAX_FAULTS} faults, the most that an environment can have: remove some first.`,
  details: { limit: MAX_FAULTS },
};

const NOT_ARMED: Refusal = {
  type: "SERVICE_UNAVAILABLE_ERROR",
  message:
    "The database did not confirm the fault, and it is not kept. Send the same request again.",
};
