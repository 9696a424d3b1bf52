import { and, eq, exists, isNull, ne, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { Statement, write, type Database, value } from "./database.ts";
import { violatedUniqueColumns, violatesForeignKey } from "./failures.ts";
import { IDEMPOTENCY_COLUMN, recordAnswer } from "./idempotency.ts";
import type { Origin } from "./order-changes.ts";
import { apiKeys } from "./schema.ts";

/** A key as it is stored: what it is a hash of can't be told from it. Timestamps are RFC 3339. */
export interface StoredKey {
  hash: string;
  partner_id: number;
  last_four: string;
  created_at: string;
  deleted_at: string | null;
}

const find = Statement.of(
  write
    .select()
    .from(apiKeys)
    .where(eq(apiKeys.hash, value("hash"))),
);

// By a key that works, whatever an isolate remembers of it: a deleted key must not live on in another.
const insert = Statement.ofSql<{ hash: string }>(sql`
  insert into api_keys (hash, partner_id, last_four, created_at)
  select ${value("hash")}, partner_id, ${value("last_four")}, ${value("created_at")}
  from api_keys where hash = ${value("by")} and deleted_at is null
  returning hash`);

const other = alias(apiKeys, "other");
const otherKeys = write
  .select({ one: sql`1` })
  .from(other)
  .where(
    and(
      eq(other.partner_id, value("partner_id")),
      isNull(other.deleted_at),
      ne(other.hash, value("hash")),
    ),
  );
const markDeleted = Statement.of(
  write
    .update(apiKeys)
    .set({ deleted_at: value("deleted_at") })
    .where(and(eq(apiKeys.hash, value("hash")), isNull(apiKeys.deleted_at), exists(otherKeys)))
    .returning({ deleted_at: apiKeys.deleted_at }),
);

/** The key with this hash, also when it was deleted. One round trip, one row. */
export async function findKey(db: Database, hash: string): Promise<StoredKey | undefined> {
  const [[key]] = await db.run(find.bind({ hash }));
  return key;
}

/**
 * Adds a key to the partner of the key `by`, and keeps `body` for the request's Idempotency-Key if it has
 * one. Nothing is added where `by` works no more, or where the Idempotency-Key has been used: the request
 * is a repetition. One round trip.
 */
export async function insertKey(
  db: Database,
  key: Pick<StoredKey, "hash" | "last_four" | "created_at">,
  by: StoredKey,
  origin: Origin,
  body: string,
): Promise<"inserted" | "repeated" | "not allowed"> {
  try {
    const [inserted] = await db.run(
      insert.bind({ ...key, by: by.hash }),
      ...recordAnswer(by.partner_id, origin, { body, order_id: null }),
    );
    return inserted.length > 0 ? "inserted" : "not allowed";
  } catch (error) {
    if (violatedUniqueColumns(error).includes(IDEMPOTENCY_COLUMN)) return "repeated";
    // Of the answer that is kept: the partner is gone.
    if (violatesForeignKey(error)) return "not allowed";
    throw error;
  }
}

/**
 * Marks a key as deleted at a time, unless it is its partner's last, or works no more. It is asked and done
 * in one transaction, so two keys that delete themselves at once can't both go. One round trip.
 */
export async function deleteKey(
  db: Database,
  { hash, partner_id }: StoredKey,
  deleted_at: string,
): Promise<"deleted" | "last key" | "not allowed"> {
  const [[deleted], [key]] = await db.run(
    markDeleted.bind({ hash, partner_id, deleted_at }),
    find.bind({ hash }),
  );
  if (deleted) return "deleted";
  return key && key.deleted_at === null ? "last key" : "not allowed";
}
