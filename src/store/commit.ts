import type { BoundStatement, Database } from "./database.ts";
import { violatesFence, violatedUniqueColumns } from "./failures.ts";

/**
 * What became of a change: all of it is in the database, or nothing. "stale": the order is no longer in the
 * version that the change follows. "taken": one of its ids, or its Idempotency-Key, is in use.
 */
export type Committed = "committed" | "stale" | "taken";

/** Runs the statements of a change in one transaction. Where it throws, nobody knows whether they were committed. */
export async function commit(
  db: Database,
  statements: BoundStatement<unknown>[],
): Promise<Committed> {
  try {
    await db.run(...statements);
    return "committed";
  } catch (error) {
    if (violatesFence(error)) return "stale";
    if (violatedUniqueColumns(error).length > 0) return "taken";
    throw error;
  }
}
