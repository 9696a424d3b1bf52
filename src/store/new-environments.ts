import { sql } from "drizzle-orm";
import { placeholder, Statement, type BoundStatement, type KnownDataset } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import type { NewEnvironment } from "./environments.ts";
import { isBeyondEnvironments } from "./failures.ts";
import type { NewKey } from "./keys.ts";

/** The maximum number of a partner's environments without its first one. Expired ones count until a sweep closes them. */
export const MAX_ENVIRONMENTS = 1_000;

const insertFirst = Statement.of(
  sql<never>`
    insert into environments (partner_id, created_at)
    values (last_insert_rowid(), ${placeholder("created_at")})`,
);
// Beyond the maximum, partner_id becomes NULL, which the column rejects.
const insert = Statement.of(
  sql<never>`
    insert into environments (partner_id, name, is_strict, fixture, assume, created_at, expires_at)
    values (
      iif(${MAX_ENVIRONMENTS} > (
        select count(*) from environments indexed by environments_partner_id
        where partner_id = ${placeholder("partner_id")} and dataset_id is not null
          and expires_at is not null), ${placeholder("partner_id")}, null),
      ${placeholder("name")}, ${placeholder("is_strict")}, ${placeholder("fixture")}, ${placeholder("assume")},
      ${placeholder("created_at")}, ${placeholder("expires_at")})`,
);
// `insertDataset` refers to the inserted environment, and the next two statements to the inserted dataset.
const insertDataset = Statement.of(
  sql<never>`
    insert into datasets (partner_id, environment_id)
    select partner_id, id from environments where id = last_insert_rowid()`,
);
const newEnvironment = sql`(select environment_id from datasets where id = last_insert_rowid())`;
const enterDataset = Statement.of(
  sql<{ environment_id: number; dataset_id: number }>`
    update environments set dataset_id = last_insert_rowid() where id = ${newEnvironment}
    returning id as environment_id, dataset_id`,
);
const insertFirstKey = Statement.of(
  sql<never>`
    insert into api_keys (environment_id, id, hash, last_four, created_at)
    values (${newEnvironment}, 1, ${placeholder("hash")}, ${placeholder("last_four")}, ${placeholder("created_at")})`,
);

/** Adds the first environment and key of the partner that the previous statement inserted. */
export function firstEnvironmentAdded(key: NewKey): BoundStatement<unknown>[] {
  const { created_at } = key;
  return [
    insertFirst.bind({ created_at }),
    insertDataset.bind(),
    enterDataset.bind(),
    insertFirstKey.bind({ ...key }),
  ];
}

/**
 * Adds an environment with its first key, unless the partner has MAX_ENVIRONMENTS. `dataset` belongs to the caller's
 * environment, which must still exist, so that a partner that is being deleted gets no environment. One round trip.
 */
export async function insertEnvironment(
  dataset: Dataset,
  partner_id: number,
  environment: NewEnvironment,
  key: NewKey,
): Promise<KnownDataset | "too many"> {
  const is_strict = Number(environment.is_strict);
  const assume = JSON.stringify(environment.assume);
  try {
    const [, , [entered]] = await dataset.run(
      { scoped: insert.bind({ ...environment, is_strict, assume, partner_id }) },
      { scoped: insertDataset.bind() },
      { scoped: enterDataset.bind() },
      { scoped: insertFirstKey.bind({ ...key }) },
    );
    const flags = { has_faults: false, has_webhooks: false };
    return { ...entered!, ...flags, assume: environment.assume };
  } catch (error) {
    if (isBeyondEnvironments(error)) return "too many";
    throw error;
  }
}
