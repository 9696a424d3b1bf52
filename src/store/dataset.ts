import { sql } from "drizzle-orm";
import type { Usage } from "../domain/quotas.ts";
import {
  DatasetStatement,
  ifCurrent,
  type BoundDatasetStatement,
  type Database,
  type KnownDataset,
  type RowsOf,
} from "./database.ts";
import { DatasetSuperseded, isSuperseded } from "./failures.ts";

const requireCurrent = DatasetStatement.of(sql<unknown>`select ${ifCurrent(sql`1`)}`);

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
    // The check comes first, so that a superseded dataset is the reason why the batch fails.
    const checks = statements[0]?.isChecked ? [] : [requireCurrent.bind(this)];
    try {
      const rows = await this.db.run(...[...checks, ...statements].map(({ scoped }) => scoped));
      return rows.slice(checks.length) as RowsOf<Statements>;
    } catch (error) {
      throw isSuperseded(error) ? new DatasetSuperseded() : error;
    }
  }
}
