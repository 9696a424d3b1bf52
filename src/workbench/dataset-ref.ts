import type { KnownDataset } from "../store/database.ts";

/** Identifies a dataset of an environment. */
export type DatasetRef = Pick<KnownDataset, "environment_id" | "dataset_id">;

/**
 * What a method of the workbench returns: "superseded" if the caller's dataset is no longer current. An
 * object, because a bare union loses its type over RPC.
 */
export interface DatasetReply<T> {
  result: T | "superseded";
}
