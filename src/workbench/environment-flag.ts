import { Database } from "../store/database.ts";
import type { DatasetRef } from "./dataset-ref.ts";

/** A flag's value; "superseded" if a later dataset exists. */
export type FlagState = boolean | "superseded";

/** Sets the flag in D1. Returns false if the dataset was superseded. */
type SetFlag = (db: Database, dataset: DatasetRef, value: boolean) => Promise<boolean>;

/**
 * Writes a flag of the environment to D1, where other isolates read whether it has faults or webhooks. Writes run one at
 * a time, and each reads the current state first, so that the last write is right.
 */
export class EnvironmentFlag {
  readonly #set: SetFlag;
  /** The last value that D1 confirmed; undefined while a write is not confirmed. */
  #written: { dataset_id: number; value: boolean } | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(set: SetFlag) {
    this.#set = set;
  }

  /** Writes the state that `readState` returns, and returns it once D1 has it. */
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
