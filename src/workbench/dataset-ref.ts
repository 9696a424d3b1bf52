import type { KnownDataset } from "../store/database.ts";
import type { RowCounts } from "./row-counter.ts";

/** Identifies a dataset of an environment. */
export type DatasetRef = Pick<KnownDataset, "environment_id" | "dataset_id">;

/**
 * The reply of a workbench's method: "superseded" if the caller's dataset is no longer current. It is an object because
 * a plain union loses its type over RPC.
 */
export interface DatasetReply<T> {
  result: T | "superseded";
  /** The rows read and written since the last reply, including those for streams and deliveries. */
  rows?: RowCounts;
}
