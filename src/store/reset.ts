import { sql } from "drizzle-orm";
import type { Fixture } from "../domain/environments.ts";
import { findDataset } from "./current-dataset.ts";
import { DatasetStatement, placeholder, Statement, type KnownDataset } from "./database.ts";
import { Dataset } from "./dataset.ts";
import { DatasetSuperseded } from "./failures.ts";
import { fixtureAdded } from "./fixtures.ts";
import type { RequestMetadata } from "./order-changes.ts";

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

/** The maximum number of closed datasets. A partner that has this many can't reset or create environments. */
export const MAX_CLOSED_DATASETS = 1_000;

const countClosed = DatasetStatement.of(
  sql<{ closed: number }>`
    select count(*) as closed from datasets indexed by datasets_partner_id
    where closed_at is not null and partner_id = (
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
