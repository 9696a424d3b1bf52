import type { LedgerState } from "../domain/ledger-state.ts";
import type { Database } from "../store/database.ts";
import { violatedUniqueColumns } from "../store/failures.ts";
import { FENCE_COLUMN } from "../store/order-changes.ts";
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

/** One command's view of an order's ledger: its state, and the commit that changes it. */
export class Ledger {
  readonly db: Database;
  readonly partnerId: number;
  readonly orderId: string;
  readonly #memory: Memory;

  constructor(db: Database, memory: Memory, partnerId: number, orderId: string) {
    this.db = db;
    this.#memory = memory;
    this.partnerId = partnerId;
    this.orderId = orderId;
  }

  /** The order's state as remembered, else from D1 in one round trip; undefined if there is no such order. */
  async state(): Promise<LedgerState | undefined> {
    this.#memory.state ??= await findLedgerState(this.db, this.partnerId, this.orderId);
    return this.#memory.state;
  }

  /** The state if it is remembered, without asking D1. */
  get remembered(): LedgerState | undefined {
    return this.#memory.state;
  }

  forget(): void {
    this.#memory.state = undefined;
  }

  /**
   * Runs one batch, and remembers the state it leaves. False when a unique id of what it adds is
   * taken. Any other failure is thrown: whether the batch was committed is then unknown.
   */
  async commit(batch: () => Promise<LedgerState | undefined>): Promise<boolean> {
    // Forgotten first, so that no failure, not even one of our own, leaves a state that D1 may not have.
    this.forget();
    try {
      this.#memory.state = await batch();
      return true;
    } catch (error) {
      const violated = violatedUniqueColumns(error);
      if (violated.includes(FENCE_COLUMN)) throw new StaleState();
      if (violated.length > 0) return false;
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
