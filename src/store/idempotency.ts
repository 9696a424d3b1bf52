import { and, eq, gte, lt, sql } from "drizzle-orm";
import {
  idempotencyCutoff,
  type IdempotencyKey,
  type IdempotencyRecord,
} from "../domain/idempotency.ts";
import type { Order } from "../domain/orders.ts";
import { bytesOf, RECORD_BYTES } from "../domain/quotas.ts";
import {
  builder,
  placeholder,
  DatasetStatement,
  Statement,
  type BoundDatasetStatement,
  type Database,
} from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { commit } from "./commit.ts";
import { countUsage } from "./usage.ts";
import { lastVersion, type RequestMetadata } from "./order-changes.ts";
import { idempotencyRecords } from "./schema.ts";

/** How many records one step of the sweep deletes, and how many steps one sweep takes. */
export const SWEEP_STEP_RECORDS = 500;
export const SWEEP_STEPS = 40;

const records = idempotencyRecords;
const isKey = and(
  eq(records.dataset_id, placeholder("dataset_id")),
  eq(records.key, placeholder("key")),
);

const deleteExpired = DatasetStatement.of(
  builder.delete(records).where(and(isKey, lt(records.created_at, placeholder("cutoff")))),
);

const insert = DatasetStatement.of(
  builder.insert(records).values({
    dataset_id: placeholder("dataset_id"),
    key: placeholder("key"),
    fingerprint: placeholder("fingerprint"),
    body: placeholder("body"),
    // An order that the same batch creates has its version by now.
    version: sql`coalesce(${placeholder("version")}, ${lastVersion})`,
    created_at: placeholder("created_at"),
  }),
);

const find = DatasetStatement.of(
  builder
    .select({ fingerprint: records.fingerprint, body: records.body, version: records.version })
    .from(records)
    .where(and(isKey, gte(records.created_at, placeholder("cutoff")))),
);

// The oldest first, and what each dataset then has less.
const selectExpired = sql`
  select dataset_id, key, ${RECORD_BYTES} + octet_length(body) as bytes from idempotency_records
  where created_at < ${placeholder("cutoff")} order by created_at limit ${SWEEP_STEP_RECORDS}`;
const uncountExpired = Statement.of(
  sql<unknown>`
    update datasets set stored_bytes = stored_bytes - expired.bytes
    from (select dataset_id, sum(bytes) as bytes from (${selectExpired}) group by dataset_id) as expired
    where id = expired.dataset_id`,
);
const removeExpired = Statement.of(
  sql<{ key: string }>`
    delete from idempotency_records where (dataset_id, key) in (
      select dataset_id, key from (${selectExpired})) returning key`,
);

/** What the record of an answer takes, for the quota; nothing without an Idempotency-Key. */
export function recordBytes({ idempotency }: RequestMetadata, answer: object): number {
  return idempotency ? RECORD_BYTES + bytesOf(JSON.stringify(answer)) : 0;
}

/** The answer to a POST. An order without a version is one that the same batch creates. */
export type Answer = { order: Order; version?: number } | { event: object };

/**
 * Stores the answer to a request with an Idempotency-Key: goes into the batch of the request's effect, and
 * fails it where the key is taken. Without a key there is nothing to do.
 */
export function recordAnswer(
  dataset: Dataset,
  { idempotency, received_at }: RequestMetadata,
  answer: Answer,
): BoundDatasetStatement[] {
  if (!idempotency) return [];
  const isOrder = "order" in answer;
  return [
    // One that has expired but was not swept yet is in nobody's way.
    deleteExpired.bind(dataset, { key: idempotency.key, cutoff: idempotencyCutoff(received_at) }),
    insert.bind(dataset, {
      ...idempotency,
      body: JSON.stringify(isOrder ? answer.order : answer.event),
      order_id: isOrder ? answer.order.id : null,
      version: isOrder ? (answer.version ?? null) : null,
      created_at: received_at,
    }),
  ];
}

/**
 * Stores the answer to a request that took no effect, as its ids were known already. False, and nothing is
 * stored, where its Idempotency-Key was used in the meantime. One round trip if there is a key.
 */
export async function recordRepeatedAnswer(
  dataset: Dataset,
  request: RequestMetadata,
  answer: Answer,
): Promise<boolean> {
  const statements = recordAnswer(dataset, request, answer);
  if (statements.length === 0) return true;
  const bytes = recordBytes(request, "order" in answer ? answer.order : answer.event);
  const committed = await commit(dataset, [...statements, countUsage(dataset, { bytes })]);
  // Beyond the quota the answer is as good, and only not stored.
  return committed !== "taken";
}

/** The record of an Idempotency-Key that has not expired. One round trip, one row. */
export async function findIdempotencyRecord(
  dataset: Dataset,
  { key }: IdempotencyKey,
  now: string,
): Promise<IdempotencyRecord | undefined> {
  const [[record]] = await dataset.run(find.bind(dataset, { key, cutoff: idempotencyCutoff(now) }));
  return record;
}

/** Deletes expired records, oldest first, in bounded steps; what is left is for the next sweep. Answers how many it deleted. */
export async function sweepIdempotencyRecords(db: Database, now: string): Promise<number> {
  let swept = 0;
  for (let step = 0; step < SWEEP_STEPS; step += 1) {
    const cutoff = idempotencyCutoff(now);
    const [, deleted] = await db.run(
      uncountExpired.bind({ cutoff }),
      removeExpired.bind({ cutoff }),
    );
    swept += deleted.length;
    if (deleted.length < SWEEP_STEP_RECORDS) break;
  }
  return swept;
}
