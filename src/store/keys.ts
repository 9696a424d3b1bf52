import { sql } from "drizzle-orm";
import {
  placeholder,
  DatasetStatement,
  Statement,
  type Database,
  type KnownDataset,
} from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { toAssumptions } from "./environments.ts";
import { pageOf, type Page } from "./pages.ts";

/** The maximum number of active keys in an environment. */
export const MAX_ACTIVE_KEYS = 100;

/** The maximum number of keys in an environment's list. Beyond it, the oldest deleted keys are removed. */
export const MAX_LISTED_KEYS = 1_000;

/** A key as its environment sees it. Timestamps are RFC 3339. */
export interface ListedKey {
  /** The number of the key within its environment. */
  id: number;
  last_four: string;
  created_at: string;
  /** The ID of the key that created it; null if no key of its environment did. */
  created_by: number | null;
  deleted_at: string | null;
  /** Rounded down to the hour. */
  last_used_at: string | null;
}

/** A key and its environment, as cached by this isolate. The key itself is not stored. */
export interface StoredKey extends ListedKey, KnownDataset {
  partner_id: number;
  /** Whether unknown fields and parameters are rejected. */
  is_strict: boolean;
  /** When the environment expires (RFC 3339); null for a partner's first one. */
  expires_at: string | null;
}

/** The stored form of a new key: its hash, and its last characters, which identify it in a list. */
export interface NewKey {
  hash: string;
  last_four: string;
  created_at: string;
}

const LISTED = sql.raw(
  "api_keys.id, last_four, api_keys.created_at, created_by, deleted_at, last_used_at",
);

type Flag = "has_faults" | "has_webhooks" | "is_strict";
type KeyRow = Omit<StoredKey, Flag | "assume"> & Record<Flag, number> & { assume: string | null };

// A deleted environment has no dataset.
const find = Statement.of(
  sql<KeyRow>`
    select ${LISTED}, environment_id, partner_id, dataset_id, has_faults, has_webhooks, is_strict,
      assume, expires_at
    from api_keys join environments on environments.id = environment_id
    where hash = ${placeholder("hash")} and dataset_id is not null`,
);

/** The key with this hash, deleted or not. One round trip, two rows. */
export async function findKey(db: Database, hash: string): Promise<StoredKey | undefined> {
  const [[key]] = await db.run(find.bind({ hash }));
  if (!key) return undefined;
  return {
    ...key,
    has_faults: key.has_faults === 1,
    has_webhooks: key.has_webhooks === 1,
    is_strict: key.is_strict === 1,
    assume: toAssumptions(key.assume),
  };
}

const inEnvironment = sql`environment_id = ${placeholder("environment_id")}`;
const isKey = sql`${inEnvironment} and id = ${placeholder("id")}`;

const select = DatasetStatement.of(
  sql<ListedKey>`
    select ${LISTED} from api_keys where ${inEnvironment} and id < ${placeholder("before")}
    order by id desc limit ${placeholder("limit")}`,
);
const countAll = DatasetStatement.of(
  sql<{ total: number }>`select count(*) as total from api_keys where ${inEnvironment}`,
);

/** A page of an environment's keys, newest first, deleted ones included. One round trip. */
export async function listKeys(
  dataset: Dataset,
  { limit, starting_after }: { limit: number; starting_after?: number | undefined },
): Promise<Page<ListedKey>> {
  const before = starting_after ?? Number.MAX_SAFE_INTEGER;
  const [rows, [counted]] = await dataset.run(
    select.bind(dataset, { before, limit: limit + 1 }),
    countAll.bind(dataset),
  );
  return pageOf(rows, limit, counted!.total);
}

const mayHaveOneMore = sql`${MAX_ACTIVE_KEYS} > (
  select count(*) from api_keys indexed by api_keys_active
  where environment_id = ${placeholder("environment_id")} and deleted_at is null)`;
const nextId = sql`(
  select coalesce(max(id), 0) + 1 from api_keys where environment_id = ${placeholder("environment_id")})`;

// Checks in the database that the creating key is active: a deleted key, still cached by an isolate, must not create one.
const insert = DatasetStatement.of(
  sql<{ id: number }>`
    insert into api_keys (environment_id, id, hash, last_four, created_at, created_by)
    select environment_id, ${nextId}, ${placeholder("hash")}, ${placeholder("last_four")},
      ${placeholder("created_at")}, id
    from api_keys
    where environment_id = ${placeholder("environment_id")} and id = ${placeholder("created_by")}
      and deleted_at is null and ${mayHaveOneMore}
    returning id`,
);
const insertForAnother = Statement.of(
  sql<{ id: number }>`
    insert into api_keys (environment_id, id, hash, last_four, created_at)
    select ${placeholder("environment_id")}, ${nextId}, ${placeholder("hash")},
      ${placeholder("last_four")}, ${placeholder("created_at")}
    where ${mayHaveOneMore} and exists (
      select 1 from environments where id = ${placeholder("environment_id")} and dataset_id is not null)
    returning id`,
);
// Deletes up to two keys for each new one, so that the list stays bounded.
const forgetOldest = DatasetStatement.of(
  sql<never>`
    delete from api_keys where (environment_id, id) in (
      select environment_id, id from api_keys
      where environment_id = ${placeholder("environment_id")} and deleted_at is not null
        and id <= ${nextId} - 1 - ${MAX_LISTED_KEYS}
      limit 2)`,
);
const findActive = DatasetStatement.of(
  sql<{ id: number }>`select id from api_keys where ${isKey} and deleted_at is null`,
);

/** Adds a key that was not created with one of the environment's own keys, and returns its ID. One round trip. */
export async function insertKeyFor(
  db: Database,
  environment_id: number,
  key: NewKey,
): Promise<number | "too many"> {
  const [[inserted]] = await db.run(insertForAnother.bind({ ...key, environment_id }));
  return inserted?.id ?? "too many";
}

/**
 * Adds a key on behalf of the key `created_by`, and returns its ID. Adds nothing if `created_by` was deleted, or if the
 * environment has MAX_ACTIVE_KEYS. One round trip.
 */
export async function insertKey(
  dataset: Dataset,
  key: NewKey,
  created_by: number,
): Promise<number | "not allowed" | "too many"> {
  const [[inserted], [creator]] = await dataset.run(
    insert.bind(dataset, { ...key, created_by }),
    findActive.bind(dataset, { id: created_by }),
    forgetOldest.bind(dataset),
  );
  if (inserted) return inserted.id;
  return creator ? "too many" : "not allowed";
}

// The deleting key must be active, and another key than the deleted one must stay active.
const markDeleted = DatasetStatement.of(
  sql<never>`
    update api_keys set deleted_at = ${placeholder("deleted_at")}
    where environment_id = ${placeholder("environment_id")} and id = ${placeholder("id")}
      and deleted_at is null
      and exists (
        select 1 from api_keys as other indexed by api_keys_active
        where other.environment_id = ${placeholder("environment_id")} and other.deleted_at is null
          and other.id <> ${placeholder("id")})
      and exists (
        select 1 from api_keys as deleter
        where deleter.environment_id = ${placeholder("environment_id")} and deleter.deleted_at is null
          and deleter.id = ${placeholder("deleted_by")})`,
);
const findDeleted = DatasetStatement.of(
  sql<{ deleted_at: string | null }>`select deleted_at from api_keys where ${isKey}`,
);

/**
 * Marks a key as deleted by the key `deleted_by`, which may be the same key. Changes nothing if `deleted_by` was
 * deleted, or if the key is the environment's last. Of two keys that delete each other concurrently, one fails:
 * the check and the change are one transaction. One round trip.
 */
export async function deleteKey(
  dataset: Dataset,
  id: number,
  { deleted_by, deleted_at }: { deleted_by: number; deleted_at: string },
): Promise<"deleted" | "not allowed" | "last key" | "unknown"> {
  const [, [key], [by]] = await dataset.run(
    markDeleted.bind(dataset, { id, deleted_by, deleted_at }),
    findDeleted.bind(dataset, { id }),
    findDeleted.bind(dataset, { id: deleted_by }),
  );
  const isOwn = id === deleted_by && key?.deleted_at === deleted_at;
  if (!isOwn && by?.deleted_at !== null) return "not allowed";
  if (!key) return "unknown";
  return key.deleted_at === null ? "last key" : "deleted";
}

const markUsed = Statement.of(
  sql<never>`
    update api_keys set last_used_at = ${placeholder("hour")}
    where ${isKey} and (last_used_at is null or last_used_at < ${placeholder("hour")})`,
);

/** Records that a key was used in an hour (RFC 3339). One round trip, and one written row per key and hour. */
export async function markKeyUsed(db: Database, key: StoredKey, hour: string): Promise<void> {
  await db.run(markUsed.bind({ environment_id: key.environment_id, id: key.id, hour }));
}
