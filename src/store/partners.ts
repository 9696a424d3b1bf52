import { count, eq, sql } from "drizzle-orm";
import { getTableConfig } from "drizzle-orm/sqlite-core";
import { Statement, value, write, type Database } from "./database.ts";
import { violatedUniqueColumns, violatesForeignKey } from "./failures.ts";
import type { StoredKey } from "./keys.ts";
import type { Page } from "./pages.ts";
import {
  apiKeys,
  idempotencyRecords,
  orderChanges,
  orderEventLines,
  orderEvents,
  orderLines,
  orders,
  partners,
} from "./schema.ts";

/** How many rows one step of a partner's removal deletes, and how many steps one request takes. */
export const REMOVAL_STEP_ROWS = 1_000;
export const REMOVAL_STEPS = 40;

const isPartner = eq(partners.id, sql.placeholder("partner_id"));

const countOf = (column: "order_count" | "order_event_count") => ({
  select: Statement.of(
    write
      .select({ total: sql<number>`${partners[column]}`.as("total") })
      .from(partners)
      .where(isPartner),
  ),
  add: Statement.of(
    write
      .update(partners)
      .set({ [column]: sql`${partners[column]} + ${sql.placeholder("added")}` })
      .where(isPartner),
  ),
});

/**
 * The totals of a partner's unfiltered lists, kept so that nobody has to count: `add` goes into the
 * batch that adds or removes the rows.
 */
export const orderCount = countOf("order_count");
export const orderEventCount = countOf("order_event_count");

/** A partner as the operator sees it, with what it has. */
export interface Partner {
  id: number;
  name: string;
  created_at: string;
  order_count: number;
  order_event_count: number;
  key_count: number;
}

const insert = Statement.of(
  write
    .insert(partners)
    .values({ name: value("name"), created_at: value("created_at") })
    .returning({ id: partners.id }),
);

const insertFirstKey = Statement.of(
  write.insert(apiKeys).values({
    hash: value("hash"),
    // The partner of the statement before: a table without row ids doesn't change this.
    partner_id: sql`last_insert_rowid()`,
    last_four: value("last_four"),
    created_at: value("created_at"),
  }),
);

const select = Statement.ofSql<Partner>(sql`
  select id, name, created_at, order_count, order_event_count,
    (select count(*) from api_keys where partner_id = partners.id and deleted_at is null) as key_count
  from partners where id < ${value("before")} order by id desc limit ${value("limit")}`);

const selectByKey = Statement.ofSql<Pick<Partner, "id" | "name" | "created_at">>(sql`
  select partners.id, partners.name, partners.created_at from api_keys
  join partners on partners.id = api_keys.partner_id where hash = ${value("hash")}`);

const total = Statement.of(write.select({ total: count().as("total") }).from(partners));

/**
 * Adds a partner with its first key, and answers its number, which no partner had before; undefined, and
 * nothing is added, where there is that key already. One round trip.
 */
export async function insertPartner(
  db: Database,
  partner: Pick<Partner, "name" | "created_at">,
  key: Pick<StoredKey, "hash" | "last_four">,
): Promise<number | undefined> {
  try {
    const [[inserted]] = await db.run(
      insert.bind({ ...partner }),
      insertFirstKey.bind({ ...key, created_at: partner.created_at }),
    );
    return inserted!.id;
  } catch (error) {
    if (violatedUniqueColumns(error).includes("api_keys.hash")) return undefined;
    throw error;
  }
}

/** The partner that has the key with this hash. One round trip. */
export async function findPartnerOfKey(
  db: Database,
  hash: string,
): Promise<Pick<Partner, "id" | "name" | "created_at"> | undefined> {
  const [[partner]] = await db.run(selectByKey.bind({ hash }));
  return partner;
}

/** A page of partners, newest first. One round trip; the total counts them, as nothing else needs it. */
export async function listPartners(
  db: Database,
  { limit, starting_after }: { limit: number; starting_after?: number | undefined },
): Promise<Page<Partner>> {
  const before = starting_after ?? Number.MAX_SAFE_INTEGER;
  const [rows, [counted]] = await db.run(select.bind({ before, limit: limit + 1 }), total.bind({}));
  return { data: rows.slice(0, limit), has_more: rows.length > limit, total: counted!.total };
}

const exists = Statement.of(write.select({ id: partners.id }).from(partners).where(isPartner));

/** What a partner has: its keys first, so that nothing new comes, and what refers before what is referred to, so that nothing cascades. */
const tablesOfPartner = [
  apiKeys,
  orderEventLines,
  orderEvents,
  orderLines,
  orders,
  orderChanges,
  idempotencyRecords,
];

const removals = tablesOfPartner.map((table) => {
  const { primaryKeys, columns } = getTableConfig(table);
  const keyColumns = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary);
  const key = sql.join(
    keyColumns.map(({ name }) => sql.identifier(name)),
    sql`, `,
  );
  return Statement.ofSql<{ deleted: 1 }>(sql`
    delete from ${table} where (${key}) in (
      select ${key} from ${table} where partner_id = ${value("partner_id")} limit ${REMOVAL_STEP_ROWS}
    ) returning 1 as deleted`);
});

const removePartnerItself = Statement.of(write.delete(partners).where(isPartner));

/**
 * Deletes a partner with all that is its own, in steps of at most REMOVAL_STEP_ROWS rows, each a round
 * trip; undefined where there is no such partner. Where it isn't done after REMOVAL_STEPS, or something
 * was added meanwhile, the next call goes on.
 */
export async function removePartner(
  db: Database,
  partner_id: number,
): Promise<{ deleted_rows: number; isDone: boolean } | undefined> {
  const [[found]] = await db.run(exists.bind({ partner_id }));
  if (!found) return undefined;
  let deleted_rows = 0;
  let remaining = removals;
  try {
    for (let step = 0; step < REMOVAL_STEPS && remaining.length > 0; step += 1) {
      const [deleted] = await db.run(remaining[0]!.bind({ partner_id }));
      deleted_rows += deleted.length;
      if (deleted.length < REMOVAL_STEP_ROWS) remaining = remaining.slice(1);
    }
    if (remaining.length > 0) return { deleted_rows, isDone: false };
    await db.run(removePartnerItself.bind({ partner_id }));
    return { deleted_rows: deleted_rows + 1, isDone: true };
  } catch (error) {
    // Something was added behind it, with a key that another isolate still remembers.
    if (violatesForeignKey(error)) return { deleted_rows, isDone: false };
    throw error;
  }
}
