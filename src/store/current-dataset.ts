import { sql } from "drizzle-orm";
import { placeholder, Statement, type Database, type KnownDataset } from "./database.ts";
import { toAssumptions } from "./environments.ts";

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
