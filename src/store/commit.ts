import type { Refusal } from "../domain/errors.ts";
import { quotaExceeded, type Quota } from "../domain/quotas.ts";
import type { BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import {
  exceededQuota,
  violatedUniqueColumns,
  violatesFence,
  violatesNetworkId,
} from "./failures.ts";
import { findUsage } from "./usage.ts";

/**
 * Why a change was not committed. "stale": the order or transaction has changed since it was read. "taken": one of the
 * change's IDs, or its Idempotency-Key, is in use. `exceeded`: the quota that the change would exceed.
 */
export type CommitFailure = "stale" | "taken" | "network ID taken" | { exceeded: Quota };

/** Runs the statements of a change in one transaction. If it throws, they may or may not have been committed. */
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

/** Says why the database rejected a change. Throws an error that has none of these reasons. */
export function commitFailure(error: unknown): CommitFailure {
  if (violatesFence(error)) return "stale";
  if (violatesNetworkId(error)) return "network ID taken";
  if (violatedUniqueColumns(error).length > 0) return "taken";
  const exceeded = exceededQuota(error);
  if (exceeded) return { exceeded };
  throw error;
}

/** Refuses a change that would exceed a quota. One round trip. */
export async function quotaRefusal(
  dataset: Dataset,
  { exceeded }: { exceeded: Quota },
): Promise<Refusal> {
  const usage = await findUsage(dataset);
  return quotaExceeded(exceeded, usage[exceeded], dataset.quotas![exceeded]);
}
