import type { Quota } from "../domain/quotas.ts";
import type { BoundStatement, Database } from "./database.ts";
import {
  exceededQuota,
  violatedUniqueColumns,
  violatesFence,
  violatesForeignKey,
} from "./failures.ts";

/**
 * Why nothing of a change is in the database. "stale": the order is no longer in the version that the change
 * follows. "taken": one of its ids, or its Idempotency-Key, is in use. "gone": its environment was removed.
 * Or a quota that it would exceed.
 */
export type CommitFailure = "stale" | "taken" | "gone" | { exceeded: Quota };

/** Runs the statements of a change in one transaction. Where it throws, nobody knows whether they were committed. */
export async function commit(
  db: Database,
  statements: BoundStatement<unknown>[],
): Promise<"committed" | CommitFailure> {
  try {
    await db.run(...statements);
    return "committed";
  } catch (error) {
    return commitFailure(error);
  }
}

/** What an error of the database says of a change. Throws it where it says nothing. */
export function commitFailure(error: unknown): CommitFailure {
  if (violatesFence(error)) return "stale";
  if (violatedUniqueColumns(error).length > 0) return "taken";
  if (violatesForeignKey(error)) return "gone";
  const exceeded = exceededQuota(error);
  if (exceeded) return { exceeded };
  throw error;
}
