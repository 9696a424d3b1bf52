import { DurableObject } from "cloudflare:workers";
import { accept, refuse, type Decision, type Refusal } from "../domain/decision.ts";
import {
  MAX_FAULTS,
  type AppliedFault,
  type RequestSubject,
  type StoredFault,
} from "../domain/faults.ts";
import { logError } from "../log.ts";
import { Database, type World } from "../store/database.ts";
import { setArmed } from "../store/environments.ts";
import type { Page, PageRequest } from "../store/pages.ts";
import * as stored from "./faults.ts";
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
  }

  /** Deletes everything, for an environment that is gone. */
  async destroy(): Promise<void> {
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
      if (this.#tables.ofWorld(world.world_id)) await this.destroy();
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
}

function emptyPage({ starting_after }: PageRequest): Page<StoredFault> | undefined {
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
