import type { Quota } from "../domain/quotas.ts";
import type { BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import {
  exceededQuota,
  violatedUniqueColumns,
  violatesFence,
  violatesNetworkId,
} from "./failures.ts";

/**
 * Why nothing of a change is in the database. "stale": the order is no longer in the version that the change
 * follows. "taken": one of its ids, or its Idempotency-Key, is in use. Or a quota that it would exceed.
 */
export type CommitFailure = "stale" | "taken" | "network ID taken" | { exceeded: Quota };

/** Runs the statements of a change in one transaction. Where it throws, nobody knows whether they were committed. */
export async function commit(
  dataset: Dataset,
  statements: BoundDatasetStatement[],
): Promise<"committed" | CommitFailure> {
  try {
    await dataset.run(...statements);
    return "committed";
  } catch (error) {
    return commitFailure(error);
  }
}

/** What an error of the database says of a change. Throws it where it says nothing. */
export function commitFailure(error: unknown): CommitFailure {
  if (violatesFence(error)) return "stale";
  if (violatesNetworkId(error)) return "network ID taken";
  if (violatedUniqueColumns(error).length > 0) return "taken";
  const exceeded = exceededQuota(error);
  if (exceeded) return { exceeded };
  throw error;
}
