import { count, eq, sql } from "drizzle-orm";
import { getTableConfig } from "drizzle-orm/sqlite-core";
import { builder, placeholder, Statement, type Database } from "./database.ts";
import { violatesForeignKey } from "./failures.ts";
import type { NewKey } from "./keys.ts";
import type { Page } from "./pages.ts";
import {
  apiKeys,
  environments,
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
  builder
    .insert(partners)
    .values({ name: placeholder("name"), created_at: placeholder("created_at") })
    .returning({ id: partners.id }),
);
// The partner of the statement before, and then its environment: tables without row ids don't change this.
const insertEnvironment = Statement.of(
  builder.insert(environments).values({ partner_id: sql`last_insert_rowid()` }),
);
const insertFirstKey = Statement.of(
  builder.insert(apiKeys).values({
    environment_id: sql`last_insert_rowid()`,
    id: 1,
    hash: placeholder("hash"),
    last_four: placeholder("last_four"),
    created_at: placeholder("created_at"),
  }),
);

/** Adds a partner with an environment and its first key, and answers its number, which no partner had before. */
export async function insertPartner(db: Database, name: string, key: NewKey): Promise<number> {
  const { created_at } = key;
  const [[inserted]] = await db.run(
    insert.bind({ name, created_at }),
    insertEnvironment.bind(),
    insertFirstKey.bind({ ...key }),
  );
  return inserted!.id;
}

// Of the environments that a partner has, which are few.
const sumOf = (column: "order_count" | "order_event_count") =>
  sql`(select sum(${sql.identifier(column)}) from environments where partner_id = partners.id) as ${sql.identifier(column)}`;

const select = Statement.of(
  sql<Partner>`
    select id, name, created_at, ${sumOf("order_count")}, ${sumOf("order_event_count")},
      (select count(*) from environments join api_keys on environment_id = environments.id
       where partner_id = partners.id and deleted_at is null) as key_count
    from partners where id < ${placeholder("before")} order by id desc limit ${placeholder("limit")}`,
);

const countAll = Statement.of(builder.select({ total: count().as("total") }).from(partners));

/** A page of partners, newest first. One round trip; the total counts them, as nothing else needs it. */
export async function listPartners(
  db: Database,
  { limit, starting_after }: { limit: number; starting_after?: number | undefined },
): Promise<Page<Partner>> {
  const before = starting_after ?? Number.MAX_SAFE_INTEGER;
  const [rows, [counted]] = await db.run(
    select.bind({ before, limit: limit + 1 }),
    countAll.bind(),
  );
  return { data: rows.slice(0, limit), has_more: rows.length > limit, total: counted!.total };
}

const isPartner = eq(partners.id, sql.placeholder("partner_id"));
const find = Statement.of(builder.select({ id: partners.id }).from(partners).where(isPartner));

const findFirst = Statement.of(
  builder
    .select({ id: sql<number | null>`min(${environments.id})`.as("id") })
    .from(environments)
    .where(eq(environments.partner_id, placeholder("partner_id"))),
);

/** The first environment of a partner, undefined where there is no such partner. One round trip. */
export async function findFirstEnvironment(
  db: Database,
  partner_id: number,
): Promise<number | undefined> {
  const [[first]] = await db.run(findFirst.bind({ partner_id }));
  return first?.id ?? undefined;
}

/**
 * What an environment has: its keys first, so that nothing new comes, and what refers before what is
 * referred to, so that nothing cascades.
 */
export const TABLES_OF_ENVIRONMENT = [
  apiKeys,
  orderEventLines,
  orderEvents,
  orderLines,
  orders,
  orderChanges,
  idempotencyRecords,
];

/** Deletes some rows of a table whose `column` is one of those that `ids` selects. */
function removal(table: (typeof TABLES_OF_ENVIRONMENT)[number] | typeof environments) {
  const { primaryKeys, columns } = getTableConfig(table);
  const keyColumns = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary);
  const key = sql.join(
    keyColumns.map(({ name }) => sql.identifier(name)),
    sql`, `,
  );
  const isPartners =
    table === environments
      ? sql`partner_id = ${placeholder("partner_id")}`
      : sql`environment_id in (select id from environments where partner_id = ${placeholder("partner_id")})`;
  return Statement.of(
    sql<{ deleted: 1 }>`
      delete from ${table} where (${key}) in (
        select ${key} from ${table} where ${isPartners} limit ${REMOVAL_STEP_ROWS}
      ) returning 1 as deleted`,
  );
}

const removals = [...TABLES_OF_ENVIRONMENT, environments].map(removal);
const removePartnerItself = Statement.of(builder.delete(partners).where(isPartner));

/**
 * Deletes a partner with all that is its own, in steps of at most REMOVAL_STEP_ROWS rows, each a round
 * trip; undefined where there is no such partner. Where it isn't done after REMOVAL_STEPS, or something
 * was added meanwhile, the next call goes on.
 */
export async function removePartner(
  db: Database,
  partner_id: number,
): Promise<{ deleted_rows: number; isDone: boolean } | undefined> {
  const [[found]] = await db.run(find.bind({ partner_id }));
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
    // Something was added behind it, with a key that another isolate still remembers. Where there was nothing
    // to delete, a table refers to the partner that this doesn't know, and another pass would not help.
    if (violatesForeignKey(error) && deleted_rows > 0) return { deleted_rows, isDone: false };
    throw error;
  }
}
