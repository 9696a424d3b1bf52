import { and, eq, exists, isNull, ne, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { Statement, write, type Database, value } from "./database.ts";
import { violatedUniqueColumns } from "./failures.ts";
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

const insert = Statement.of(
  write.insert(apiKeys).values({
    hash: value("hash"),
    partner_id: value("partner_id"),
    last_four: value("last_four"),
    created_at: value("created_at"),
  }),
);

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
    .set({ deleted_at: sql`coalesce(${apiKeys.deleted_at}, ${value("deleted_at")})` })
    .where(and(eq(apiKeys.hash, value("hash")), exists(otherKeys)))
    .returning({ deleted_at: apiKeys.deleted_at }),
);

/** The key with this hash, also when it was deleted. One round trip, one row. */
export async function findKey(db: Database, hash: string): Promise<StoredKey | undefined> {
  const [[key]] = await db.run(find.bind({ hash }));
  return key;
}

/**
 * Adds a key, and keeps `body` for the request's Idempotency-Key if it has one. False, and nothing is
 * added, where that has been used. One round trip.
 */
export async function insertKey(
  db: Database,
  key: Omit<StoredKey, "deleted_at">,
  origin: Origin,
  body: string,
): Promise<boolean> {
  try {
    await db.run(
      insert.bind({ ...key }),
      ...recordAnswer(key.partner_id, origin, { body, order_id: null }),
    );
    return true;
  } catch (error) {
    if (violatedUniqueColumns(error).includes(IDEMPOTENCY_COLUMN)) return false;
    throw error;
  }
}

/**
 * Marks a key as deleted, and answers when that was; undefined where it is the partner's last key. It
 * is asked and done in one statement, so two keys that delete themselves at once can't both go. One
 * round trip.
 */
export async function deleteKey(
  db: Database,
  { hash, partner_id }: StoredKey,
  deleted_at: string,
): Promise<string | undefined> {
  const [[deleted]] = await db.run(markDeleted.bind({ hash, partner_id, deleted_at }));
  return deleted?.deleted_at ?? undefined;
}
