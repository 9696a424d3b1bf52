import { sql } from "drizzle-orm";
import type { Usage } from "../domain/quotas.ts";
import {
  placeholder,
  Statement,
  type Database,
  type BoundDatasetStatement,
  type KnownDataset,
} from "./database.ts";
import { isNoLongerTrue, DatasetSuperseded } from "./failures.ts";

// SQLite has no way to fail on purpose outside a trigger, but it fails on a text that isn't JSON.
const requireDataset = Statement.of(
  sql<unknown>`
    select json(coalesce((
      select iif(dataset_id = ${placeholder("dataset_id")} and has_faults <= ${placeholder("has_faults")}, 1, 'changed')
      from environments where id = ${placeholder("environment_id")}), 'changed'))`,
);

type RowsOf<Statements> = {
  [Index in keyof Statements]: Statements[Index] extends BoundDatasetStatement<infer Row>
    ? Row[]
    : never;
};

/** Whose data is read or written, and through which connection: what every function on an environment's data takes. */
export class Dataset {
  readonly db: Database;
  readonly known: KnownDataset;
  /** The most that the environment's partner may have, where there are quotas. */
  readonly quotas: Usage | undefined;

  constructor(db: Database, known: KnownDataset, quotas: Usage | undefined) {
    this.db = db;
    this.known = known;
    this.quotas = quotas;
  }

  /**
   * Runs statements in one round trip and one transaction, and answers the rows of each. Nothing is done, and
   * `DatasetSuperseded` is thrown, where the environment has another dataset by now, has faults that nobody knew of,
   * or is gone: so a reset or a fault counts from the moment that it is answered, in every isolate.
   */
  async run<const Statements extends readonly BoundDatasetStatement[]>(
    ...statements: Statements
  ): Promise<RowsOf<Statements>> {
    const { dataset_id, environment_id, has_faults } = this.known;
    const check = requireDataset.bind({
      dataset_id,
      environment_id,
      has_faults: Number(has_faults),
    });
    try {
      const [, ...rows] = await this.db.run(check, ...statements.map(({ scoped }) => scoped));
      return rows as RowsOf<Statements>;
    } catch (error) {
      throw isNoLongerTrue(error) ? new DatasetSuperseded() : error;
    }
  }
}
