import { sql } from "drizzle-orm";
import type { Fixture } from "../domain/environments.ts";
import {
  placeholder,
  DatasetStatement,
  Statement,
  type BoundStatement,
  type Database,
  type KnownDataset,
} from "./database.ts";
import { isBeyondEnvironments } from "./failures.ts";
import { fixtureAdded } from "./fixtures.ts";
import type { NewKey } from "./keys.ts";
import type { RequestMetadata } from "./order-changes.ts";
import { pageOf, type Page } from "./pages.ts";
import { Dataset } from "./dataset.ts";

/** The most environments that a partner has at a time, beside its first one. */
export const MAX_ENVIRONMENTS = 1_000;

/** What can be chosen of an environment. Timestamps are RFC 3339. */
export interface NewEnvironment {
  name: string | null;
  is_strict: boolean;
  fixture: Fixture;
  created_at: string;
  /** null for a partner's first one, which never expires. */
  expires_at: string | null;
}

/** An environment as its partner sees it. */
export interface Environment extends NewEnvironment {
  id: number;
}

const ofPartner = sql`partner_id = ${placeholder("partner_id")}`;
// What has expired waits for the sweep, and is in nobody's way.
const isLive = sql`dataset_id is not null and (expires_at is null or expires_at > ${placeholder("now")})`;

const insertFirst = Statement.of(
  sql<unknown>`
    insert into environments (partner_id, created_at)
    values (last_insert_rowid(), ${placeholder("created_at")})`,
);
// A partner that has enough of them is NULL here, which the column refuses.
const insert = Statement.of(
  sql<unknown>`
    insert into environments (partner_id, name, is_strict, fixture, created_at, expires_at)
    values (
      iif(${MAX_ENVIRONMENTS} > (
        select count(*) from environments where ${ofPartner} and expires_at > ${placeholder("created_at")}
          and dataset_id is not null), ${placeholder("partner_id")}, null),
      ${placeholder("name")}, ${placeholder("is_strict")}, ${placeholder("fixture")},
      ${placeholder("created_at")}, ${placeholder("expires_at")})`,
);
// Each is of what the statement before has added.
const insertDataset = Statement.of(
  sql<unknown>`
    insert into datasets (partner_id, environment_id)
    select partner_id, id from environments where id = last_insert_rowid()`,
);
const newDataset = sql`(select environment_id from datasets where id = last_insert_rowid())`;
const enterDataset = Statement.of(
  sql<{ id: number; dataset_id: number }>`
    update environments set dataset_id = last_insert_rowid() where id = ${newDataset}
    returning id, dataset_id`,
);
const insertKey = Statement.of(
  sql<unknown>`
    insert into api_keys (environment_id, id, hash, last_four, created_at)
    values (${newDataset}, 1, ${placeholder("hash")}, ${placeholder("last_four")}, ${placeholder("created_at")})`,
);

/** Adds the first environment, with its first key, of the partner that the statement before has added. */
export function firstEnvironment(key: NewKey): BoundStatement<unknown>[] {
  const { created_at } = key;
  return [
    insertFirst.bind({ created_at }),
    insertDataset.bind(),
    enterDataset.bind(),
    insertKey.bind({ ...key }),
  ];
}

/** Adds an environment with its first key. Nothing is added where the partner has MAX_ENVIRONMENTS. One round trip. */
export async function insertEnvironment(
  db: Database,
  partner_id: number,
  environment: NewEnvironment,
  key: NewKey,
): Promise<KnownDataset | "too many"> {
  const is_strict = Number(environment.is_strict);
  try {
    const [, , [entered]] = await db.run(
      insert.bind({ ...environment, is_strict, partner_id }),
      insertDataset.bind(),
      enterDataset.bind(),
      insertKey.bind({ ...key }),
    );
    return { environment_id: entered!.id, dataset_id: entered!.dataset_id, has_faults: false };
  } catch (error) {
    if (isBeyondEnvironments(error)) return "too many";
    throw error;
  }
}

function toEnvironment(row: EnvironmentRow): Environment {
  return { ...row, is_strict: row.is_strict === 1 };
}

type EnvironmentRow = Omit<Environment, "is_strict"> & { is_strict: number };

const select = Statement.of(
  sql<EnvironmentRow>`
    select id, name, is_strict, fixture, created_at, expires_at from environments
    where ${ofPartner} and ${isLive} and id < ${placeholder("before")}
    order by id desc limit ${placeholder("limit")}`,
);
const countAll = Statement.of(
  sql<{
    total: number;
  }>`select count(*) as total from environments where ${ofPartner} and ${isLive}`,
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
    select min(id) as id from environments where ${ofPartner} and expires_at is null`,
);

/** The first environment of a partner, undefined where there is no such partner. One round trip. */
export async function findFirstEnvironment(
  db: Database,
  partner_id: number,
): Promise<number | undefined> {
  const [[first]] = await db.run(findFirst.bind({ partner_id }));
  return first?.id ?? undefined;
}

const findOwn = Statement.of(
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
  const [[found]] = await db.run(findOwn.bind({ partner_id, id, now }));
  return found !== undefined;
}

const findState = Statement.of(
  sql<{ dataset_id: number; has_faults: number }>`
    select dataset_id, has_faults from environments
    where id = ${placeholder("environment_id")} and dataset_id is not null`,
);

/** What is true of an environment now; undefined where it is deleted. One round trip, one row. */
export async function findDataset(
  db: Database,
  environment_id: number,
): Promise<KnownDataset | undefined> {
  const [[found]] = await db.run(findState.bind({ environment_id }));
  return found && { ...found, environment_id, has_faults: Boolean(found.has_faults) };
}

const arm = Statement.of(
  sql<{ id: number }>`
    update environments set has_faults = ${placeholder("has_faults")}
    where id = ${placeholder("environment_id")} and dataset_id = ${placeholder("dataset_id")}
    returning id`,
);

/** Says whether an environment has faults. From then on every isolate knows. False where this is not its dataset any more. One round trip. */
export async function setHasFaults(
  db: Database,
  { environment_id, dataset_id }: Omit<KnownDataset, "has_faults">,
  hasFaults: boolean,
): Promise<boolean> {
  const [armed] = await db.run(
    arm.bind({ environment_id, dataset_id, has_faults: Number(hasFaults) }),
  );
  return armed.length > 0;
}

// AUTOINCREMENT never gives the ID of a deleted row again.
const insertReserved = DatasetStatement.of(
  sql<{ id: number }>`
    insert into datasets (partner_id, environment_id)
    select partner_id, id from environments where id = ${placeholder("environment_id")}
    returning id`,
);
const deleteReserved = Statement.of(
  sql<unknown>`delete from datasets where id = last_insert_rowid()`,
);
const findFixture = DatasetStatement.of(
  sql<{ fixture: Fixture }>`
    select fixture from environments where id = ${placeholder("environment_id")}`,
);
const closeDataset = DatasetStatement.of(
  sql<unknown>`
    update datasets set closed_at = ${placeholder("now")} where id = ${placeholder("dataset_id")}`,
);
const insertNextDataset = DatasetStatement.of(
  sql<unknown>`
    insert into datasets (id, partner_id, environment_id)
    select ${placeholder("dataset_id")}, partner_id, id
    from environments where id = ${placeholder("environment_id")}`,
);
const enterNextDataset = DatasetStatement.of(
  sql<unknown>`
    update environments set dataset_id = ${placeholder("dataset_id")}, has_faults = 0
    where id = ${placeholder("environment_id")}`,
);

/**
 * Closes an environment's dataset, and gives the environment a new one with its fixture and without faults, all
 * in one transaction. The first of two round trips reserves the new dataset's ID, which the fixture's rows need.
 */
export async function resetEnvironment(
  dataset: Dataset,
  request: RequestMetadata,
): Promise<KnownDataset> {
  const [[reserved], , [environment]] = await dataset.run(
    insertReserved.bind(dataset),
    { scoped: deleteReserved.bind() },
    findFixture.bind(dataset),
  );
  const known = { ...dataset.known, dataset_id: reserved!.id, has_faults: false };
  const next = new Dataset(dataset.db, known, undefined);
  await dataset.run(
    closeDataset.bind(dataset, { now: request.received_at }),
    insertNextDataset.bind(next),
    enterNextDataset.bind(next),
    ...fixtureAdded(next, environment!.fixture, request),
  );
  return known;
}

/** Closes the datasets of the environments that a condition is true of, and so the environments. */
function closing(condition: ReturnType<typeof sql>) {
  const closed = sql`from environments where ${condition} and dataset_id is not null order by id limit 500`;
  return [
    Statement.of(
      sql<{ id: number }>`
        update datasets set closed_at = ${placeholder("now")} where id in (select dataset_id ${closed})`,
    ),
    Statement.of(
      sql<{ id: number }>`
        update environments set dataset_id = null where id in (select id ${closed}) returning id`,
    ),
  ] as const;
}

const closeOne = closing(
  sql`id = ${placeholder("id")} and ${ofPartner} and expires_at is not null`,
);
const closeExpired = closing(sql`expires_at <= ${placeholder("now")}`);
const closeAll = closing(ofPartner);

/**
 * Closes a partner's environment: nothing reads it or writes to it from then on, in any isolate, and a sweep
 * deletes it. False where the partner has no such environment that can be closed. One round trip.
 */
export async function closeEnvironment(
  db: Database,
  partner_id: number,
  id: number,
  now: string,
): Promise<boolean> {
  const [, closed] = await db.run(
    closeOne[0].bind({ partner_id, id, now }),
    closeOne[1].bind({ partner_id, id }),
  );
  return closed.length > 0;
}

/** Closes environments that have expired, 500 at most, the same way. One round trip. */
export async function closeExpiredEnvironments(db: Database, now: string): Promise<void> {
  await db.run(closeExpired[0].bind({ now }), closeExpired[1].bind({ now }));
}

/** Closes all environments of a partner, 500 at most, the same way. One round trip. */
export async function closeEnvironmentsOf(
  db: Database,
  partner_id: number,
  now: string,
): Promise<void> {
  await db.run(closeAll[0].bind({ partner_id, now }), closeAll[1].bind({ partner_id }));
}
