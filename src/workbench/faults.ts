import { count, desc, eq, lt } from "drizzle-orm";
import { chooseFault, MAX_FAULTS, type AppliedFault, type StoredFault } from "../domain/faults.ts";
import type { RequestSubject } from "../domain/request-subject.ts";
import { pageOf, type Page, type PageRequest } from "../store/pages.ts";
import { faults } from "./schema.ts";
import type { WorkbenchDatabase } from "./database.ts";

const publicColumns = {
  id: faults.id,
  fault: faults.fault,
  times: faults.times,
  remaining: faults.remaining,
  skip: faults.skip,
  delay_ms: faults.delay_ms,
  match: faults.match,
  created_at: faults.created_at,
} satisfies Record<keyof StoredFault, unknown>;

export function insertFault(db: WorkbenchDatabase, fault: StoredFault): "inserted" | "too many" {
  if (countFaults(db) >= MAX_FAULTS) return "too many";
  db.insert(faults)
    .values({ ...fault, skip_remaining: fault.skip })
    .run();
  return "inserted";
}

/** A page of the faults, newest first; undefined if the cursor is not one of them. */
export function findFaults(
  db: WorkbenchDatabase,
  { limit, starting_after }: PageRequest,
): Page<StoredFault> | undefined {
  const cursor =
    starting_after === undefined
      ? undefined
      : db
          .select({ sequence: faults.sequence })
          .from(faults)
          .where(eq(faults.id, starting_after))
          .get();
  if (starting_after !== undefined && !cursor) return undefined;
  const rows = db
    .select(publicColumns)
    .from(faults)
    .where(cursor && lt(faults.sequence, cursor.sequence))
    .orderBy(desc(faults.sequence))
    .limit(limit + 1)
    .all();
  return pageOf(rows, limit, countFaults(db));
}

export function countFaults(db: WorkbenchDatabase): number {
  return db.select({ total: count() }).from(faults).get()?.total ?? 0;
}

/** Returns whether the fault existed. */
export function deleteFault(db: WorkbenchDatabase, id: string): boolean {
  return db.delete(faults).where(eq(faults.id, id)).returning({ id: faults.id }).all().length > 0;
}

/** Returns how many faults it deleted. */
export function deleteFaults(db: WorkbenchDatabase): number {
  return db.delete(faults).returning({ id: faults.id }).all().length;
}

/**
 * Takes the fault that applies to a request, and deletes it after its last time. All of it is synchronous, so
 * that no two requests take the same time of a fault.
 */
export function takeFault(
  db: WorkbenchDatabase,
  subject: RequestSubject,
): AppliedFault | undefined {
  const { applied, skipped } = chooseFault(
    db.select().from(faults).orderBy(faults.sequence).all(),
    subject,
  );
  for (const { sequence, skip_remaining } of skipped) {
    db.update(faults)
      .set({ skip_remaining: skip_remaining - 1 })
      .where(eq(faults.sequence, sequence))
      .run();
  }
  if (!applied) return undefined;
  const { id, fault, delay_ms, remaining } = applied;
  if (remaining === 1) deleteFault(db, id);
  else
    db.update(faults)
      .set({ remaining: remaining - 1 })
      .where(eq(faults.id, id))
      .run();
  return { id, fault, delay_ms };
}
