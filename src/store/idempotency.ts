import { sql } from "drizzle-orm";
import type { Decision } from "../domain/decision.ts";
import {
  idempotencyCutoff,
  repeatResponse,
  type IdempotencyRecord,
} from "../domain/idempotency.ts";
import type { Order } from "../domain/orders.ts";
import { bytesOf, RECORD_BYTES } from "../domain/stored-bytes.ts";
import {
  placeholder,
  DatasetStatement,
  Statement,
  type BoundDatasetStatement,
} from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { commit } from "./commit.ts";
import { countUsage } from "./usage.ts";
import { lastVersion, type RequestMetadata } from "./order-changes.ts";
import type { QueryBudget } from "./query-budget.ts";
import { insertInto } from "./rows.ts";
import { idempotencyRecords } from "./schema.ts";

/** How many records one step of the sweep deletes. */
export const SWEEP_STEP_RECORDS = 500;

const isKey = sql`dataset_id = ${placeholder("dataset_id")} and key = ${placeholder("key")}`;

const uncountKey = DatasetStatement.of(
  sql<never>`
    update datasets set stored_bytes = stored_bytes - expired.bytes
    from (
      select ${RECORD_BYTES} + octet_length(body) as bytes
      from idempotency_records where ${isKey}) as expired
    where id = ${placeholder("dataset_id")}`,
);
const deleteKey = DatasetStatement.of(sql<never>`delete from idempotency_records where ${isKey}`);

const insert = DatasetStatement.of(
  insertInto(idempotencyRecords, {
    dataset_id: placeholder("dataset_id"),
    key: placeholder("key"),
    fingerprint: placeholder("fingerprint"),
    body: placeholder("body"),
    // For a new order, an earlier statement of the batch has set the version.
    version: sql`coalesce(${placeholder("version")}, ${lastVersion})`,
    created_at: placeholder("created_at"),
  }),
);

const find = DatasetStatement.of(
  sql<IdempotencyRecord & { created_at: string }>`
    select fingerprint, body, version, created_at from idempotency_records where ${isKey}`,
);

const selectExpired = sql`
  select dataset_id, key, ${RECORD_BYTES} + octet_length(body) as bytes
  from idempotency_records indexed by idempotency_records_created_at
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

/** The bytes of a stored response; 0 without an Idempotency-Key. */
export function responseBytes({ idempotency }: RequestMetadata, body: object): number {
  return idempotency ? RECORD_BYTES + bytesOf(JSON.stringify(body)) : 0;
}

/** The response to a POST. A new order has no version here: the batch that creates the order chooses it. */
type PostResponse = { order: Order; version?: number } | { event: object };

/**
 * Stores the response to a request with an Idempotency-Key, in the batch that executes the request. The batch fails if
 * the key is taken.
 */
export function responseStored(
  dataset: Dataset,
  { idempotency, received_at }: RequestMetadata,
  response: PostResponse,
): BoundDatasetStatement[] {
  if (!idempotency) return [];
  const isOrder = "order" in response;
  return [
    insert.bind(dataset, {
      ...idempotency,
      body: JSON.stringify(isOrder ? response.order : response.event),
      order_id: isOrder ? response.order.id : null,
      version: isOrder ? (response.version ?? null) : null,
      created_at: received_at,
    }),
  ];
}

/**
 * Stores the response to a request that repeats an earlier one by its IDs. Returns false, and stores nothing, if
 * another request took the Idempotency-Key first. One round trip if the request has a key.
 */
export async function storeRepeatedResponse(
  dataset: Dataset,
  request: RequestMetadata,
  response: PostResponse,
): Promise<boolean> {
  const statements = responseStored(dataset, request, response);
  if (statements.length === 0) return true;
  const bytes = responseBytes(request, "order" in response ? response.order : response.event);
  const committed = await commit(dataset, [...statements, countUsage(dataset, { bytes })]);
  // Beyond the quota, the response is sent but not stored.
  return committed !== "taken";
}

/**
 * The stored response to a request with this Idempotency-Key, or a refusal. Deletes the record if it has expired, which
 * frees the key. One round trip if the request has a key, two if its record has expired.
 */
export async function findStoredResponse(
  dataset: Dataset,
  { idempotency, received_at }: RequestMetadata,
): Promise<Decision<IdempotencyRecord> | undefined> {
  if (!idempotency) return undefined;
  const { key } = idempotency;
  const [[record]] = await dataset.run(find.bind(dataset, { key }));
  if (!record) return undefined;
  if (record.created_at >= idempotencyCutoff(received_at)) {
    return repeatResponse(record, idempotency);
  }
  await dataset.run(uncountKey.bind(dataset, { key }), deleteKey.bind(dataset, { key }));
  return undefined;
}

/** Deletes expired records, oldest first. Returns how many it deleted. */
export async function sweepIdempotencyRecords(budget: QueryBudget, now: string): Promise<number> {
  const cutoff = idempotencyCutoff(now);
  let deleted = 0;
  while (budget.allows(2)) {
    const [, records] = await budget.db.run(
      uncountExpired.bind({ cutoff }),
      removeExpired.bind({ cutoff }),
    );
    deleted += records.length;
    if (records.length < SWEEP_STEP_RECORDS) break;
  }
  return deleted;
}
