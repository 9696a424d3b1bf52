import { sql } from "drizzle-orm";
import type { Usage } from "../domain/quotas.ts";
import {
  placeholder,
  Statement,
  type BoundDatasetStatement,
  type Database,
  type KnownDataset,
  type RowsOf,
} from "./database.ts";
import { DatasetSuperseded, isSuperseded } from "./failures.ts";

// Fails the batch if the dataset is not current. SQLite has no RAISE outside triggers, but json() fails on invalid JSON.
const requireCurrent = Statement.of(
  sql<unknown>`
    select json(coalesce((
      select iif(dataset_id = ${placeholder("dataset_id")} and has_faults <= ${placeholder("has_faults")}
        and has_webhooks <= ${placeholder("has_webhooks")}, 1, 'superseded')
      from environments where id = ${placeholder("environment_id")}), 'superseded'))`,
);

/** The connection to D1 for one dataset. Sweeps, recounts and the outbox use `Database` instead. */
export class Dataset {
  readonly db: Database;
  readonly known: KnownDataset;
  /** The quotas of the environment's partner, if it has any. */
  readonly quotas: Usage | undefined;

  constructor(db: Database, known: KnownDataset, quotas: Usage | undefined) {
    this.db = db;
    this.known = known;
    this.quotas = quotas;
  }

  /**
   * Runs statements in one round trip and one transaction, and returns the rows of each. Writes nothing and throws
   * `DatasetSuperseded` if the environment was reset or deleted, or has faults or webhooks that this isolate
   * doesn't know.
   */
  async run<const Statements extends readonly BoundDatasetStatement[]>(
    ...statements: Statements
  ): Promise<RowsOf<Statements>> {
    const check = requireCurrent.bind({
      ...this.known,
      has_faults: Number(this.known.has_faults),
      has_webhooks: Number(this.known.has_webhooks),
    });
    try {
      const [, ...rows] = await this.db.run(check, ...statements.map(({ scoped }) => scoped));
      return rows as RowsOf<Statements>;
    } catch (error) {
      throw isSuperseded(error) ? new DatasetSuperseded() : error;
    }
  }
}
