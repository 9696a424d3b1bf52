import { setHasFaults } from "../store/datasets.ts";
import { Database } from "../store/database.ts";
import type { DatasetRef } from "./dataset-ref.ts";

/** Whether a dataset has faults; "superseded" if there is a later dataset. */
export type FaultState = boolean | "superseded";

/**
 * Writes `environments.has_faults` to D1, by which other isolates learn of faults. Writes queue up, and each
 * reads the state when its turn comes, so that the last one leaves the truth.
 */
export class FaultFlag {
  /** The last value that D1 confirmed; undefined while that is uncertain. */
  #written: { dataset_id: number; has_faults: boolean } | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** Returns what D1 has once `readState` and D1 agree. */
  write(
    binding: D1Database,
    dataset: DatasetRef,
    readState: () => FaultState,
  ): Promise<FaultState> {
    const writing = this.#queue.then(async () => {
      const { dataset_id } = dataset;
      const has_faults = readState();
      if (has_faults === "superseded") return "superseded";
      const isWritten =
        this.#written?.dataset_id === dataset_id && this.#written.has_faults === has_faults;
      if (isWritten) return has_faults;
      this.#written = undefined;
      const isCurrent = await setHasFaults(new Database(binding), dataset, has_faults);
      if (!isCurrent) return "superseded";
      this.#written = { dataset_id, has_faults };
      return has_faults;
    });
    this.#queue = writing.catch(() => undefined);
    return writing;
  }
}
