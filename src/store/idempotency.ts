import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import {
  idempotencyCutoff,
  type IdempotencyKey,
  type IdempotencyRecord,
} from "../domain/idempotency.ts";
import { Statement, write, type BoundStatement, type Database, value } from "./database.ts";
import { lastVersion, type Origin } from "./order-changes.ts";
import { idempotencyRecords } from "./schema.ts";

/** How many records one step of the sweep deletes, and how many steps one sweep takes. */
export const SWEEP_STEP_RECORDS = 500;
export const SWEEP_STEPS = 40;

/** A unique constraint that says: the Idempotency-Key has been used. */
export const IDEMPOTENCY_COLUMN = "idempotency_records.key";

const records = idempotencyRecords;
const isKey = and(eq(records.partner_id, value("partner_id")), eq(records.key, value("key")));

const deleteExpired = Statement.of(
  write.delete(records).where(and(isKey, lt(records.created_at, value("cutoff")))),
);

const insert = Statement.of(
  write.insert(records).values({
    partner_id: value("partner_id"),
    key: value("key"),
    fingerprint: value("fingerprint"),
    body: value("body"),
    // Where the answer has an ETag it names the order's version, which the batch has made by now.
    version: sql`iif(${value("order_id")} is null, null, ${lastVersion})`,
    created_at: value("created_at"),
  }),
);

const find = Statement.of(
  write
    .select({ fingerprint: records.fingerprint, body: records.body, version: records.version })
    .from(records)
    .where(and(isKey, gte(records.created_at, value("cutoff")))),
);

const sweep = Statement.of(
  write
    .delete(records)
    .where(
      sql`(partner_id, key) in ${write
        .select({ partner_id: records.partner_id, key: records.key })
        .from(records)
        .where(lt(records.created_at, value("cutoff")))
        .orderBy(asc(records.created_at))
        .limit(SWEEP_STEP_RECORDS)}`,
    )
    .returning({ key: records.key }),
);

/**
 * Keeps the answer to a request with an Idempotency-Key: goes into the batch of the request's effect, and
 * fails it where the key is taken. Without a key there is nothing to do.
 */
export function recordAnswer(
  partner_id: number,
  { idempotency, changed_at }: Origin,
  answer: { body: string; order_id: string | null },
): BoundStatement<never>[] {
  if (!idempotency) return [];
  return [
    // One that has expired but was not swept yet is in nobody's way.
    deleteExpired.bind({ partner_id, key: idempotency.key, cutoff: idempotencyCutoff(changed_at) }),
    insert.bind({ partner_id, created_at: changed_at, ...idempotency, ...answer }),
  ];
}

/** The record of an Idempotency-Key that has not expired. One round trip, one row. */
export async function findIdempotencyRecord(
  db: Database,
  partner_id: number,
  { key }: IdempotencyKey,
  now: string,
): Promise<IdempotencyRecord | undefined> {
  const [[record]] = await db.run(find.bind({ partner_id, key, cutoff: idempotencyCutoff(now) }));
  return record;
}

/** Deletes expired records, oldest first, in bounded steps; what is left is for the next sweep. Answers how many it deleted. */
export async function sweepIdempotencyRecords(db: Database, now: string): Promise<number> {
  let swept = 0;
  for (let step = 0; step < SWEEP_STEPS; step += 1) {
    const [deleted] = await db.run(sweep.bind({ cutoff: idempotencyCutoff(now) }));
    swept += deleted.length;
    if (deleted.length < SWEEP_STEP_RECORDS) break;
  }
  return swept;
}
