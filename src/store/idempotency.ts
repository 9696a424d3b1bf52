import { and, asc, eq, gte, lt, sql, type SQL } from "drizzle-orm";
import {
  idempotencyCutoff,
  type IdempotencyKey,
  type IdempotencyRecord,
} from "../domain/idempotency.ts";
import type { Database } from "./database.ts";
import type { Origin } from "./order-changes.ts";
import { idempotencyRecords } from "./schema.ts";

/** How many records one step of the sweep deletes, and how many steps one sweep takes. */
export const SWEEP_STEP_RECORDS = 500;
export const SWEEP_STEPS = 40;

/** A unique constraint that says: the Idempotency-Key has been used. */
export const IDEMPOTENCY_COLUMN = "idempotency_records.key";

const byKey = (partnerId: number, key: string) =>
  and(eq(idempotencyRecords.partner_id, partnerId), eq(idempotencyRecords.key, key));

/**
 * Keeps the answer to a request with an Idempotency-Key: goes into the batch of the request's effect, and
 * fails it where the key is taken. Without a key there is nothing to do.
 */
export function recordAnswer(
  db: Database,
  partnerId: number,
  { idempotency, changed_at }: Origin,
  answer: { body: string; version: number | SQL<number> | null },
) {
  if (!idempotency) return [];
  return [
    // One that has expired but was not swept yet is in nobody's way.
    db
      .delete(idempotencyRecords)
      .where(
        and(
          byKey(partnerId, idempotency.key),
          lt(idempotencyRecords.created_at, idempotencyCutoff(changed_at)),
        ),
      ),
    db
      .insert(idempotencyRecords)
      .values({ partner_id: partnerId, ...idempotency, ...answer, created_at: changed_at }),
  ] as const;
}

/** The record of an Idempotency-Key that has not expired. One round trip, one row. */
export async function findIdempotencyRecord(
  db: Database,
  partnerId: number,
  { key }: IdempotencyKey,
  now: string,
): Promise<IdempotencyRecord | undefined> {
  const [record] = await db
    .select({
      fingerprint: idempotencyRecords.fingerprint,
      body: idempotencyRecords.body,
      version: idempotencyRecords.version,
    })
    .from(idempotencyRecords)
    .where(and(byKey(partnerId, key), gte(idempotencyRecords.created_at, idempotencyCutoff(now))));
  return record;
}

/** Deletes expired records, oldest first, in bounded steps; what is left is for the next sweep. Answers how many it deleted. */
export async function sweepIdempotencyRecords(db: Database, now: string): Promise<number> {
  const expired = db
    .select({ partner_id: idempotencyRecords.partner_id, key: idempotencyRecords.key })
    .from(idempotencyRecords)
    .where(lt(idempotencyRecords.created_at, idempotencyCutoff(now)))
    .orderBy(asc(idempotencyRecords.created_at))
    .limit(SWEEP_STEP_RECORDS);
  let swept = 0;
  for (let step = 0; step < SWEEP_STEPS; step += 1) {
    const { meta } = await db
      .delete(idempotencyRecords)
      .where(sql`(partner_id, key) in ${expired}`);
    swept += meta.changes;
    if (meta.changes < SWEEP_STEP_RECORDS) break;
  }
  return swept;
}
