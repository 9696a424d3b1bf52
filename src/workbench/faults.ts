import { count, desc, eq, lt } from "drizzle-orm";
import {
  chooseFault,
  MAX_FAULTS,
  type AppliedFault,
  type RequestSubject,
  type StoredFault,
} from "../domain/faults.ts";
import { pageOf, type Page, type PageRequest } from "../store/pages.ts";
import { faults } from "./schema.ts";
import type { WorkbenchDatabase } from "./tables.ts";

const answered = {
  id: faults.id,
  fault: faults.fault,
  times: faults.times,
  remaining: faults.remaining,
  skip: faults.skip,
  delay_ms: faults.delay_ms,
  match: faults.match,
  created_at: faults.created_at,
};

/** Keeps a fault; "too many" where there are as many as there can be. */
export function insertFault(db: WorkbenchDatabase, fault: StoredFault): "inserted" | "too many" {
  if (countFaults(db) >= MAX_FAULTS) return "too many";
  db.insert(faults)
    .values({ ...fault, skip_remaining: fault.skip })
    .run();
  return "inserted";
}

/** A page of the faults that will still act, newest first; undefined when the cursor is none of them. */
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
    .select(answered)
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

/** Whether there was such a fault. */
export function deleteFault(db: WorkbenchDatabase, id: string): boolean {
  return db.delete(faults).where(eq(faults.id, id)).returning({ id: faults.id }).all().length > 0;
}

/** How many there were. */
export function deleteFaults(db: WorkbenchDatabase): number {
  return db.delete(faults).returning({ id: faults.id }).all().length;
}

/**
 * The fault that acts on a request, which is one time less for it; the last time deletes it. Nothing else runs
 * in the object meanwhile: no two requests can take the same time.
 */
export function takeFault(
  db: WorkbenchDatabase,
  subject: RequestSubject,
): AppliedFault | undefined {
  const { acting, passed } = chooseFault(
    db.select().from(faults).orderBy(faults.sequence).all(),
    subject,
  );
  for (const { sequence, skip_remaining } of passed) {
    db.update(faults)
      .set({ skip_remaining: skip_remaining - 1 })
      .where(eq(faults.sequence, sequence))
      .run();
  }
  if (!acting) return undefined;
  const { id, fault, delay_ms, remaining } = acting;
  if (remaining === 1) deleteFault(db, id);
  else
    db.update(faults)
      .set({ remaining: remaining - 1 })
      .where(eq(faults.id, id))
      .run();
  return { id, fault, delay_ms };
}
