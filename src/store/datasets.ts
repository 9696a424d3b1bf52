import { sql, type SQL } from "drizzle-orm";
import type { Fixture } from "../domain/environments.ts";
import {
  DatasetStatement,
  placeholder,
  Statement,
  type Database,
  type KnownDataset,
} from "./database.ts";
import { toAssumptions } from "./environments.ts";
import { Dataset } from "./dataset.ts";
import { DatasetSuperseded } from "./failures.ts";
import { fixtureAdded } from "./fixtures.ts";
import type { RequestMetadata } from "./order-changes.ts";

const findCurrent = Statement.of(
  sql<{ dataset_id: number; has_faults: number; has_webhooks: number; assume: string | null }>`
    select dataset_id, has_faults, has_webhooks, assume from environments
    where id = ${placeholder("environment_id")} and dataset_id is not null`,
);

/** The current dataset of an environment; undefined if the environment was deleted. One round trip, one row. */
export async function findDataset(
  db: Database,
  environment_id: number,
): Promise<KnownDataset | undefined> {
  const [[found]] = await db.run(findCurrent.bind({ environment_id }));
  if (!found) return undefined;
  return {
    environment_id,
    dataset_id: found.dataset_id,
    has_faults: found.has_faults === 1,
    has_webhooks: found.has_webhooks === 1,
    assume: toAssumptions(found.assume),
  };
}

const updateHasFaults = Statement.of(
  sql<{ id: number }>`
    update environments set has_faults = ${placeholder("has_faults")}
    where id = ${placeholder("environment_id")} and dataset_id = ${placeholder("dataset_id")}
    returning id`,
);

/**
 * Sets whether an environment has faults. Every isolate's next batch in the environment sees it. Returns false if the
 * dataset was superseded. One round trip.
 */
export async function setHasFaults(
  db: Database,
  { environment_id, dataset_id }: Pick<KnownDataset, "environment_id" | "dataset_id">,
  hasFaults: boolean,
): Promise<boolean> {
  const has_faults = Number(hasFaults);
  const [updated] = await db.run(updateHasFaults.bind({ environment_id, dataset_id, has_faults }));
  return updated.length > 0;
}

const updateHasWebhooks = Statement.of(
  sql<{ id: number }>`
    update environments set has_webhooks = ${placeholder("has_webhooks")}
    where dataset_id = ${placeholder("dataset_id")}
    returning id`,
);

/** Sets whether a dataset's environment has webhooks, as `setHasFaults` does for faults. One round trip. */
export async function setHasWebhooks(
  db: Database,
  { dataset_id }: Pick<KnownDataset, "dataset_id">,
  hasWebhooks: boolean,
): Promise<boolean> {
  const has_webhooks = Number(hasWebhooks);
  const [updated] = await db.run(updateHasWebhooks.bind({ dataset_id, has_webhooks }));
  return updated.length > 0;
}

// Reserves an ID by inserting and deleting a row: AUTOINCREMENT never reuses it.
const insertReserved = DatasetStatement.of(
  sql<{ id: number }>`
    insert into datasets (partner_id, environment_id)
    select partner_id, id from environments where id = ${placeholder("environment_id")}
    returning id`,
);
const deleteReserved = Statement.of(
  sql<never>`delete from datasets where id = last_insert_rowid()`,
);
const findFixture = DatasetStatement.of(
  sql<{ fixture: Fixture }>`
    select fixture from environments where id = ${placeholder("environment_id")}`,
);
const closeDataset = DatasetStatement.of(
  sql<never>`
    update datasets set closed_at = ${placeholder("now")} where id = ${placeholder("dataset_id")}`,
);
const insertNextDataset = DatasetStatement.of(
  sql<never>`
    insert into datasets (id, partner_id, environment_id)
    select ${placeholder("dataset_id")}, partner_id, id
    from environments where id = ${placeholder("environment_id")}`,
);
const enterNextDataset = DatasetStatement.of(
  sql<never>`
    update environments set dataset_id = ${placeholder("dataset_id")}, has_faults = 0
    where id = ${placeholder("environment_id")}`,
);

/** The most closed datasets of a partner. At the maximum, the partner can't reset or create environments until a sweep. */
export const MAX_CLOSED_DATASETS = 1_000;

const countClosed = DatasetStatement.of(
  sql<{ closed: number }>`
    select count(*) as closed from datasets where closed_at is not null and partner_id = (
      select partner_id from environments where id = ${placeholder("environment_id")})`,
);

/** Counts the closed datasets of the environment's partner that are not swept yet. One round trip. */
export async function countClosedDatasets(dataset: Dataset): Promise<number> {
  const [[counted]] = await dataset.run(countClosed.bind(dataset));
  return counted!.closed;
}

/**
 * Closes an environment's dataset and opens a new one with the environment's fixture and without faults, in one
 * transaction. An earlier round trip reserves the new dataset's ID for the fixture's rows. Returns undefined if the
 * partner has MAX_CLOSED_DATASETS.
 */
export async function resetEnvironment(
  dataset: Dataset,
  request: RequestMetadata,
): Promise<KnownDataset | undefined> {
  const [[reserved], , [environment], [counted]] = await dataset.run(
    insertReserved.bind(dataset),
    { scoped: deleteReserved.bind() },
    findFixture.bind(dataset),
    countClosed.bind(dataset),
  );
  if (counted!.closed >= MAX_CLOSED_DATASETS) return undefined;
  const known = { ...dataset.known, dataset_id: reserved!.id, has_faults: false };
  const next = new Dataset(dataset.db, known, undefined);
  try {
    await dataset.run(
      closeDataset.bind(dataset, { now: request.received_at }),
      insertNextDataset.bind(next),
      enterNextDataset.bind(next),
      ...fixtureAdded(next, environment!.fixture, request),
    );
    return known;
  } catch (error) {
    if (!(error instanceof DatasetSuperseded)) throw error;
    // Another reset came between the two round trips. This one counts as executed just before it.
    const current = await findDataset(dataset.db, dataset.known.environment_id);
    if (!current || current.dataset_id === dataset.known.dataset_id) throw error;
    return current;
  }
}

/** The most environments that one statement closes. */
const CLOSED_ENVIRONMENTS = 500;

/** Statements that close the environments that match a condition, and their datasets. */
function closing(condition: SQL) {
  const closed = sql`
    from environments where ${condition} and dataset_id is not null
    order by id limit ${CLOSED_ENVIRONMENTS}`;
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

const ofPartner = sql`partner_id = ${placeholder("partner_id")}`;
const closeOne = closing(
  sql`id = ${placeholder("id")} and ${ofPartner} and expires_at is not null`,
);
// A used environment is closed only after its readiness was checked and stored.
const closeExpired = closing(sql`
  expires_at <= ${placeholder("now")} and (
    id in (select value from json_each(${placeholder("checked")})) or not exists (
      select 1 from api_keys where environment_id = environments.id and last_used_at is not null))`);
const closeAll = closing(ofPartner);

/**
 * Closes a partner's environment: from then on no isolate reads or writes it, and a sweep deletes it. Returns false for
 * an unknown environment and for the partner's first one. One round trip.
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

/**
 * Closes expired environments, at most CLOSED_ENVIRONMENTS: those whose readiness was checked, and those that were never
 * used. One round trip.
 */
export async function closeExpiredEnvironments(
  db: Database,
  now: string,
  environmentIds: number[],
): Promise<void> {
  const checked = JSON.stringify(environmentIds);
  await db.run(closeExpired[0].bind({ now, checked }), closeExpired[1].bind({ now, checked }));
}

/** Closes environments of a partner, at most CLOSED_ENVIRONMENTS. One round trip. */
export async function closeEnvironmentsOf(
  db: Database,
  partner_id: number,
  now: string,
): Promise<void> {
  await db.run(closeAll[0].bind({ partner_id, now }), closeAll[1].bind({ partner_id }));
}
