import { sql } from "drizzle-orm";
import { DEFAULT_ASSUMPTIONS, type Assumptions } from "../domain/assumptions.ts";
import type { Fixture } from "../domain/environments.ts";
import { placeholder, Statement, type Database } from "./database.ts";
import { pageOf, type Page } from "./pages.ts";

/** The fields of a new environment. Timestamps are RFC 3339. */
export interface NewEnvironment {
  name: string | null;
  is_strict: boolean;
  fixture: Fixture;
  assume: Assumptions;
  created_at: string;
  /** Null for a partner's first environment, which never expires. */
  expires_at: string | null;
}

/** An environment as its partner sees it. */
export interface Environment extends NewEnvironment {
  id: number;
}

type EnvironmentRow = Omit<Environment, "is_strict" | "assume"> & {
  is_strict: number;
  assume: string | null;
};

const toEnvironment = (row: EnvironmentRow): Environment => ({
  ...row,
  is_strict: row.is_strict === 1,
  assume: toAssumptions(row.assume),
});

/** The column `assume`, which is NULL for the defaults. */
export const toAssumptions = (column: string | null): Assumptions =>
  column === null ? DEFAULT_ASSUMPTIONS : (JSON.parse(column) as Assumptions);

const ofPartner = sql`partner_id = ${placeholder("partner_id")}`;
// An expired environment may exist until the next sweep.
const isLive = sql`dataset_id is not null and (expires_at is null or expires_at > ${placeholder("now")})`;

const select = Statement.of(
  sql<EnvironmentRow>`
    select id, name, is_strict, fixture, assume, created_at, expires_at
    from environments indexed by environments_partner_id
    where ${ofPartner} and ${isLive} and id < ${placeholder("before")}
    order by id desc limit ${placeholder("limit")}`,
);
const countAll = Statement.of(
  sql<{ total: number }>`
    select count(*) as total from environments indexed by environments_partner_id
    where ${ofPartner} and ${isLive}`,
);

/** A page of a partner's environments, newest first. One round trip. */
export async function listEnvironments(
  db: Database,
  partner_id: number,
  { limit, starting_after }: { limit: number; starting_after?: number | undefined },
  now: string,
): Promise<Page<Environment>> {
  const before = starting_after ?? Number.MAX_SAFE_INTEGER;
  const [rows, [counted]] = await db.run(
    select.bind({ partner_id, now, before, limit: limit + 1 }),
    countAll.bind({ partner_id, now }),
  );
  return pageOf(rows.map(toEnvironment), limit, counted!.total);
}

const findFirst = Statement.of(
  sql<{ id: number | null }>`
    select min(id) as id from environments indexed by environments_partner_id
    where ${ofPartner} and expires_at is null`,
);

/** The ID of a partner's first environment; undefined for an unknown partner. One round trip. */
export async function findFirstEnvironment(
  db: Database,
  partner_id: number,
): Promise<number | undefined> {
  const [[first]] = await db.run(findFirst.bind({ partner_id }));
  return first?.id ?? undefined;
}

const findLive = Statement.of(
  sql<{ id: number }>`
    select id from environments where id = ${placeholder("id")} and ${ofPartner} and ${isLive}`,
);

/** Whether a partner has this environment. One round trip. */
export async function hasEnvironment(
  db: Database,
  partner_id: number,
  id: number,
  now: string,
): Promise<boolean> {
  const [[found]] = await db.run(findLive.bind({ partner_id, id, now }));
  return found !== undefined;
}

const countOpen = Statement.of(
  sql<{ environments: number }>`
    select count(*) as environments from environments indexed by environments_partner_id
    where dataset_id is not null and partner_id = (
      select partner_id from environments where dataset_id = ${placeholder("dataset_id")})`,
);

/** Counts the open environments of the partner that owns a dataset; 0 if the dataset is superseded. One round trip. */
export async function countOpenEnvironments(db: Database, dataset_id: number): Promise<number> {
  const [[row]] = await db.run(countOpen.bind({ dataset_id }));
  return row!.environments;
}
