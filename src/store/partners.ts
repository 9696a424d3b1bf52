import { sql } from "drizzle-orm";
import { placeholder, Statement, type Database } from "./database.ts";
import { firstEnvironmentAdded } from "./new-environments.ts";
import type { NewKey } from "./keys.ts";
import { pageOf, type Page } from "./pages.ts";

/** A partner as the operator sees it, with the amount of its data. */
export interface Partner {
  id: number;
  name: string;
  created_at: string;
  order_count: number;
  order_event_count: number;
  key_count: number;
}

const insert = Statement.of(
  sql<{ id: number }>`
    insert into partners (name, created_at)
    values (${placeholder("name")}, ${placeholder("created_at")}) returning id`,
);

/** Adds a partner with its first environment and key, and returns its ID, which is never reused. */
export async function insertPartner(db: Database, name: string, key: NewKey): Promise<number> {
  const { created_at } = key;
  const [inserted] = await db.run(insert.bind({ name, created_at }), ...firstEnvironmentAdded(key));
  return (inserted as { id: number }[])[0]!.id;
}

const sumOf = (column: "order_count" | "order_event_count") =>
  sql`(select sum(${sql.identifier(column)}) from datasets where partner_id = partners.id and closed_at is null) as ${sql.identifier(column)}`;

const select = Statement.of(
  sql<Partner>`
    select id, name, created_at, ${sumOf("order_count")}, ${sumOf("order_event_count")},
      (select count(*) from environments join api_keys on environment_id = environments.id
       where partner_id = partners.id and deleted_at is null) as key_count
    from partners where id < ${placeholder("before")} order by id desc limit ${placeholder("limit")}`,
);

const countAll = Statement.of(sql<{ total: number }>`select count(*) as total from partners`);

/** A page of partners, newest first. One round trip. */
export async function listPartners(
  db: Database,
  { limit, starting_after }: { limit: number; starting_after?: number | undefined },
): Promise<Page<Partner>> {
  const before = starting_after ?? Number.MAX_SAFE_INTEGER;
  const [rows, [counted]] = await db.run(
    select.bind({ before, limit: limit + 1 }),
    countAll.bind(),
  );
  return pageOf(rows, limit, counted!.total);
}

const find = Statement.of(
  sql<{ id: number }>`select id from partners where id = ${placeholder("partner_id")}`,
);
const removeVerdicts = Statement.of(
  sql<never>`delete from readiness_verdicts where partner_id = ${placeholder("partner_id")}`,
);
const remove = Statement.of(
  sql<never>`delete from partners where id = ${placeholder("partner_id")}`,
);

/** Whether this partner exists. One round trip. */
export async function hasPartner(db: Database, partner_id: number): Promise<boolean> {
  const [[found]] = await db.run(find.bind({ partner_id }));
  return found !== undefined;
}

/** Deletes a partner without environments. One round trip. */
export async function removePartner(db: Database, partner_id: number): Promise<void> {
  await db.run(removeVerdicts.bind({ partner_id }), remove.bind({ partner_id }));
}
