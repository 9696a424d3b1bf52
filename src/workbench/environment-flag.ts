import { Database } from "../store/database.ts";
import type { DatasetRef } from "./dataset-ref.ts";

/** A flag of a dataset; "superseded" if there is a later dataset. */
export type FlagState = boolean | "superseded";

/** Sets the flag in D1. Returns false if the dataset was superseded. */
type SetFlag = (db: Database, dataset: DatasetRef, value: boolean) => Promise<boolean>;

/**
 * Writes a flag of the environment to D1, by which other isolates learn of faults or webhooks. Writes queue up, and
 * each reads the state when its turn comes, so that the last one leaves the truth.
 */
export class EnvironmentFlag {
  readonly #set: SetFlag;
  /** The last value that D1 confirmed; undefined while that is uncertain. */
  #written: { dataset_id: number; value: boolean } | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(set: SetFlag) {
    this.#set = set;
  }

  /** Returns what D1 has once `readState` and D1 agree. */
  write(binding: D1Database, dataset: DatasetRef, readState: () => FlagState): Promise<FlagState> {
    const writing = this.#queue.then(async () => {
      const { dataset_id } = dataset;
      const value = readState();
      if (value === "superseded") return "superseded";
      const isWritten = this.#written?.dataset_id === dataset_id && this.#written.value === value;
      if (isWritten) return value;
      this.#written = undefined;
      const isCurrent = await this.#set(new Database(binding), dataset, value);
      if (!isCurrent) return "superseded";
      this.#written = { dataset_id, value };
      return value;
    });
    this.#queue = writing.catch(() => undefined);
    return writing;
  }
}
