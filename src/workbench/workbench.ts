import { DurableObject } from "cloudflare:workers";
import { accept, refuse, type Decision, type Refusal } from "../domain/decision.ts";
import {
  MAX_FAULTS,
  type AppliedFault,
  type RequestSubject,
  type StoredFault,
} from "../domain/faults.ts";
import {
  DAY_MILLISECONDS,
  REQUEST_DAYS,
  type NewRequest,
  type RequestDetails,
  type RequestFilter,
} from "../domain/requests.ts";
import { logError } from "../log.ts";
import { Database, type World } from "../store/database.ts";
import { setArmed } from "../store/environments.ts";
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

/** Which world of which environment is meant. */
export type WorldName = Omit<World, "is_armed">;

/** "over" to who means a world that there is a later one than. */
type OrOver<T> = T | "over";

/** What a method answers. Not a union by itself, which would lose its type on the way out of the object. */
export interface WorkbenchReply<T> {
  answer: OrOver<T>;
}

/** What acts on a request, and whether whoever asked has to ask for its next request too. */
export interface TakenFault {
  fault: AppliedFault | undefined;
  is_armed: boolean;
  /** There is a later world, which the request has to be in. */
  is_over: boolean;
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
 * faults that are to act, and the requests that came. What it has belongs to one world of the environment;
 * what is asked or said of an earlier one finds nothing, and changes nothing.
 */
export class Workbench extends DurableObject {
  readonly #tables: Tables;
  /** What D1 was told last, as far as that is certain; and what tells it, one after another. */
  #told: { world_id: number; is_armed: boolean } | undefined;
  #telling: Promise<unknown> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#tables = new Tables(ctx.storage);
  }

  /** Forgets everything of the worlds before this one. */
  async reset(worldId: number): Promise<void> {
    this.#tables.forWorld(worldId);
    this.#streams.closeWhere(({ world_id }) => world_id < worldId);
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
    world: WorldName,
    fault: StoredFault,
  ): Promise<WorkbenchReply<Decision<StoredFault>>> {
    const db = this.#tables.forWorld(world.world_id);
    if (!db) return { answer: "over" };
    if (stored.insertFault(db, fault) === "too many") return { answer: refuse(TOO_MANY) };
    try {
      if ((await this.#tellD1(world)) !== "over") return { answer: accept(fault) };
      // All that there is of a world that is over, is over: it may be the environment, which nobody deletes again.
      if (this.#tables.ofWorld(world.world_id)) await this.#deleteAll();
      return { answer: "over" };
    } catch (error) {
      logError("a fault was not armed", error, { ...world });
      const there = this.#tables.ofWorld(world.world_id);
      if (there) stored.deleteFault(there, fault.id);
      return { answer: refuse(NOT_ARMED) };
    }
  }

  /** A page of the faults that will still act, newest first; undefined when the cursor is none of them. */
  async listFaults(
    { world_id }: WorldName,
    page: PageRequest,
  ): Promise<WorkbenchReply<Page<StoredFault> | undefined>> {
    const answer = this.#read(world_id, (db) => stored.findFaults(db, page), emptyPage(page));
    return { answer };
  }

  /** Whether there was such a fault. From now on it acts on nothing. */
  async removeFault(world: WorldName, id: string): Promise<WorkbenchReply<boolean>> {
    const answer = this.#read(world.world_id, (db) => stored.deleteFault(db, id), false);
    if (answer === true) this.#tellD1Later(world);
    return { answer };
  }

  /** How many faults there were. From now on they act on nothing. */
  async removeFaults(world: WorldName): Promise<WorkbenchReply<number>> {
    const answer = this.#read(world.world_id, stored.deleteFaults, 0);
    if (answer !== "over" && answer > 0) this.#tellD1Later(world);
    return { answer };
  }

  /**
   * The fault that acts on a request, if one does, and whether there are more. Who hears that there are none
   * needn't ask again: D1 says so too.
   */
  async takeFault(world: WorldName, subject: RequestSubject): Promise<TakenFault> {
    const taken = this.#read(
      world.world_id,
      (db) => ({
        fault: stored.takeFault(db, subject),
        is_armed: stored.countFaults(db) > 0,
      }),
      { fault: undefined, is_armed: false },
    );
    if (taken === "over") return { fault: undefined, is_armed: true, is_over: true };
    const { fault } = taken;
    if (taken.is_armed) return { fault, is_armed: true, is_over: false };
    try {
      return { fault, is_armed: (await this.#tellD1(world)) !== "unarmed", is_over: false };
    } catch (error) {
      // Whoever asks next tries it again.
      logError("faults were not disarmed", error, { ...world });
      return { fault, is_armed: true, is_over: false };
    }
  }

  /** What the tables of a world have; `nothing` where nothing was ever written. */
  #read<T>(worldId: number, read: (db: WorkbenchDatabase) => T, nothing: T): OrOver<T> {
    if (this.#tables.isOver(worldId)) return "over";
    const db = this.#tables.ofWorld(worldId);
    return db ? read(db) : nothing;
  }

  /**
   * Tells D1 whether there are faults, as it is when its turn comes. So D1 ends right however many come and
   * go meanwhile, and hears of one that was added before that is answered.
   */
  #tellD1(world: WorldName): Promise<"armed" | "unarmed" | "over"> {
    const telling = this.#telling.then(async () => {
      const { world_id } = world;
      const is_armed = this.#read(world_id, (db) => stored.countFaults(db) > 0, false);
      if (is_armed === "over") return "over";
      const isTold = this.#told?.world_id === world_id && this.#told.is_armed === is_armed;
      if (!isTold) {
        this.#told = undefined;
        if (!(await setArmed(new Database(this.env.DB), world, is_armed))) return "over";
        this.#told = { world_id, is_armed };
      }
      return is_armed ? "armed" : "unarmed";
    });
    this.#telling = telling.catch(() => undefined);
    return telling;
  }

  /** Nobody waits for it: who asks for a fault meanwhile hears that there is none. */
  #tellD1Later(world: WorldName): void {
    this.ctx.waitUntil(
      this.#tellD1(world).catch((error) =>
        logError("faults were not disarmed", error, { ...world }),
      ),
    );
  }

  // Requests

  readonly #streams = new Streams();
  /** What the requests of the tables' world take. */
  #usage: { world_id: number; of: RequestUsage } | undefined;
  #hasAlarm = false;
  /** What comes late is not to make the tables again. When this is forgotten too, the alarm deletes them. */
  #isDestroyed = false;

  /** Records requests. Those of a world that is over are dropped. */
  async record({ world_id }: WorldName, items: NewRequest[]): Promise<void> {
    const database = this.#isDestroyed ? undefined : this.#tables.forWorld(world_id);
    if (!database) return;
    if (this.#usage?.world_id !== world_id) {
      this.#usage = { world_id, of: new RequestUsage(database) };
    }
    insertRequests(database, this.#usage.of, items, Date.now());
    this.#streams.wake();
    await this.#ensureAlarm();
  }

  /** A page of the world's requests, newest first; undefined where the cursor is none of them. */
  async listRequests(
    { world_id }: WorldName,
    filter: RequestFilter,
    page: PageRequest,
  ): Promise<WorkbenchReply<Page<RecordedRequest> | undefined>> {
    const read = (db: WorkbenchDatabase) => selectPage(db, filter, page);
    return { answer: this.#read(world_id, read, emptyPage(page)) };
  }

  async findRequest(
    { world_id }: WorldName,
    id: string,
  ): Promise<WorkbenchReply<(RecordedRequest & RequestDetails) | undefined>> {
    return { answer: this.#read(world_id, (db) => selectRequest(db, id), undefined) };
  }

  /** What was written to an order, or tried, oldest first. */
  async requestsOfOrder(
    { world_id }: WorldName,
    orderId: string,
  ): Promise<WorkbenchReply<OrderRequest[]>> {
    return { answer: this.#read(world_id, (db) => selectOfOrder(db, orderId), []) };
  }

  /** The requests as server-sent events, as they are recorded; undefined where too many watch already. */
  async watch(
    { world_id }: WorldName,
    { key_id, expires_at, filter, after }: Watcher,
  ): Promise<WorkbenchReply<ReadableStream<Uint8Array> | undefined>> {
    if (this.#isDestroyed || this.#tables.isOver(world_id)) return { answer: "over" };
    // What is to come begins after the newest that there is now.
    let last = after === undefined ? this.#lastOf(world_id) : Number(after);
    const answer = await this.#streams.open({
      world_id,
      key_id,
      expires_at,
      isOver: () => this.#tables.isOver(world_id),
      next: () => {
        const database = this.#tables.ofWorld(world_id);
        if (!database) return [];
        const items = selectAfter(database, filter, last, STREAM_STEP_ROWS);
        last = items.length > 0 ? Number(items.at(-1)!.id) : Math.max(last, this.#lastOf(world_id));
        return items;
      },
    });
    return { answer };
  }

  /** The sequence of the world's newest request. */
  #lastOf(worldId: number): number {
    if (this.#usage?.world_id === worldId) return this.#usage.of.last;
    const database = this.#tables.ofWorld(worldId);
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
    const database = this.#tables.ofLatestWorld();
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
