import { refuse, type Refusal } from "../domain/decision.ts";
import type { LedgerState } from "../domain/ledger-state.ts";
import type { Database } from "../store/database.ts";
import { violatedUniqueColumns } from "../store/failures.ts";
import { FENCE_COLUMN } from "../store/order-changes.ts";
import { findOrderEventIds } from "../store/order-events.ts";
import { findLedgerState } from "../store/orders.ts";
import type { Outcome } from "./commands.ts";

/** How often a command is decided anew when another writer got in between. */
const MAX_ATTEMPTS = 5;

/** Thrown when another writer has made the version that a commit wanted to make. */
class StaleState extends Error {}

/** What one object remembers of its order between commands. */
export interface Memory {
  /** Undefined: nothing is known, ask D1. */
  state?: LedgerState | undefined;
}

/** How many of an order's events a refusal names, the newest ones. */
const MAX_NAMED_EVENTS = 100;

/** One command's view of an order's ledger: its state, and the commit that changes it. */
export class Ledger {
  readonly db: Database;
  readonly partnerId: number;
  readonly orderId: string;
  readonly #memory: Memory;
  #isStateFresh = false;

  constructor(db: Database, memory: Memory, partnerId: number, orderId: string) {
    this.db = db;
    this.#memory = memory;
    this.partnerId = partnerId;
    this.orderId = orderId;
  }

  /** The order's state as remembered, else from D1 in one round trip; undefined if there is no such order. */
  async state(): Promise<LedgerState | undefined> {
    if (!this.#memory.state) {
      this.#memory.state = await findLedgerState(this.db, this.partnerId, this.orderId);
      this.#isStateFresh = true;
    }
    return this.#memory.state;
  }

  /** The state if it is remembered, without asking D1. */
  get remembered(): LedgerState | undefined {
    return this.#memory.state;
  }

  forget(): void {
    this.#memory.state = undefined;
  }

  /** Before a refusal: nothing is refused on memory alone, which another writer may have made stale. */
  requireFreshState(): void {
    if (this.#memory.state && !this.#isStateFresh) {
      this.forget();
      throw new StaleState();
    }
  }

  /** A refusal; one that was decided on the order's events names them, in one more round trip. */
  async refuse(refusal: Refusal): Promise<Outcome<never>> {
    this.requireFreshState();
    if (refusal.type !== "CONFLICT_ERROR") return refuse(refusal);
    const order_event_ids = await findOrderEventIds(
      this.db,
      this.partnerId,
      this.orderId,
      MAX_NAMED_EVENTS,
    );
    return refuse({ ...refusal, details: { ...refusal.details, order_event_ids } });
  }

  /**
   * Runs one batch, and remembers the state it leaves. Another writer's version sends the command back to
   * its decision; any other failure is thrown, and whether the batch was committed is then unknown.
   */
  async commit(batch: () => Promise<LedgerState | undefined>): Promise<void> {
    // Forgotten first, so that no failure, not even one of our own, leaves a state that D1 may not have.
    this.forget();
    try {
      this.#memory.state = await batch();
    } catch (error) {
      throw violatedUniqueColumns(error).includes(FENCE_COLUMN) ? new StaleState() : error;
    }
  }

  /** Commits a batch that adds something; false, and nothing is added, when an id or key of it is taken. */
  async add(batch: () => Promise<LedgerState>): Promise<boolean> {
    try {
      await this.commit(batch);
      return true;
    } catch (error) {
      if (violatedUniqueColumns(error).length > 0) return false;
      throw error;
    }
  }

  /** Decides a command, and again on the new state as often as another writer comes first. */
  async decide<T>(attempt: () => Promise<Outcome<T> | undefined>): Promise<Outcome<T>> {
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
      try {
        const outcome = await attempt();
        if (outcome) return outcome;
      } catch (error) {
        if (!(error instanceof StaleState)) throw error;
      }
    }
    throw new Error(`Another writer came first ${MAX_ATTEMPTS} times`);
  }
}
