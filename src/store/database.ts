import { is, Placeholder, SQL, sql, type Query } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { drizzle } from "drizzle-orm/sqlite-proxy";
import { DatabaseError } from "./failures.ts";

/** What was spent in D1: `queries` counts round trips (a batch is one), the rows are D1's own figures. */
export interface D1Cost {
  queries: number;
  rows_read: number;
  rows_written: number;
}

/** Whose data is read or written, as far as an isolate knows. `Dataset` sees to it that it is still true. */
export interface KnownDataset {
  environment_id: number;
  /** What the environment's data belongs to. A reset gives the environment another one. */
  dataset_id: number;
  /** Whether the environment has faults. */
  has_faults: boolean;
}

/** Drizzle as the writer of statements. It runs none: that is for `Database`, which counts what they cost. */
export const builder = drizzle(() => Promise.reject(new Error("Drizzle writes statements only")));

/** Stands in a statement for what will be bound under this name. */
export const placeholder = (name: string): SQL => sql`${sql.placeholder(name)}`;

const dialect = new SQLiteAsyncDialect();

/** A statement with its values, ready for a batch. `Row` is what it answers, which no value of this type holds. */
export interface BoundStatement<Row> {
  text: string;
  params: unknown[];
  row?: Row;
}

/** The same on the data of one environment: it runs in a `Dataset`, which checks that the dataset is still current. */
export interface BoundDatasetStatement<Row = unknown> {
  scoped: BoundStatement<Row>;
}

/** Values by the names of their placeholders. What has no value is null, not left out. */
export type Values = Record<string, unknown>;

/** What a statement is made from: what a builder of Drizzle has built, or SQL for what no builder can say. */
type Source = { toSQL(): Query } | SQL;
type RowOf<S> =
  S extends SQL<infer Row> ? Row : S extends { _: { result: (infer Row)[] } } ? Row : never;

/** Throws where a placeholder has no value: a name that is left out or misspelled would else write NULL. */
function bind<Row>({ sql: text, params }: Query, values: Values): BoundStatement<Row> {
  const bound = params.map((param) => {
    if (!is(param, Placeholder)) return param;
    const found = values[param.name];
    if (found === undefined) throw new Error(`Nothing is bound to ${param.name} in: ${text}`);
    return found;
  });
  return { text, params: bound };
}

/**
 * A statement over all environments: for keys, partners and sweeps. It is built once in the life of an
 * isolate, so that a request only binds its values. Its rows come as D1 names their columns: what is
 * selected under another name than its column's needs an alias.
 */
export class Statement<Row> {
  readonly #query: Query;

  private constructor(query: Query) {
    this.#query = query;
  }

  static of<S extends Source>(source: S): Statement<RowOf<S>> {
    return new Statement(queryOf(source));
  }

  bind(values: Values = {}): BoundStatement<Row> {
    return bind(this.#query, values);
  }
}

/** A statement on the data of one environment, or of its dataset. It can be neither built nor bound without one. */
export class DatasetStatement<Row> {
  readonly #query: Query;

  private constructor(query: Query) {
    this.#query = query;
  }

  static of<S extends Source>(source: S): DatasetStatement<RowOf<S>> {
    const query = queryOf(source);
    const isScoped = query.params.some((param) => is(param, Placeholder) && SCOPES.has(param.name));
    if (!isScoped) throw new Error(`Neither a dataset nor an environment in: ${query.sql}`);
    return new DatasetStatement(query);
  }

  bind({ known }: { known: KnownDataset }, values: Values = {}): BoundDatasetStatement<Row> {
    const { dataset_id, environment_id } = known;
    return { scoped: bind(this.#query, { ...values, dataset_id, environment_id }) };
  }
}

const SCOPES = new Set(["dataset_id", "environment_id"]);

function queryOf(source: Source): Query {
  return is(source, SQL) ? dialect.sqlToQuery(source) : source.toSQL();
}

type RowsOf<Statements> = {
  [Index in keyof Statements]: Statements[Index] extends BoundStatement<infer Row> ? Row[] : never;
};

/** D1 for one request: it counts what the request spends. Every read is as new as the last write. */
export class Database {
  readonly cost: D1Cost = { queries: 0, rows_read: 0, rows_written: 0 };
  readonly #binding: D1Database;

  constructor(binding: D1Database) {
    this.#binding = binding;
  }

  /** Adds what a ledger has spent for this request. */
  addCost({ queries, rows_read, rows_written }: D1Cost): void {
    this.cost.queries += queries;
    this.cost.rows_read += rows_read;
    this.cost.rows_written += rows_written;
  }

  /** Runs statements in one round trip and one transaction, and answers the rows of each. */
  async run<const Statements extends readonly BoundStatement<unknown>[]>(
    ...statements: Statements
  ): Promise<RowsOf<Statements>> {
    const prepared = statements.map(({ text, params }) =>
      this.#binding.prepare(text).bind(...params),
    );
    // Counted first: a batch that is refused was a round trip too.
    this.cost.queries += 1;
    const results = await this.#send(prepared);
    for (const { meta } of results) {
      this.addCost({ queries: 0, rows_read: meta.rows_read, rows_written: meta.rows_written });
    }
    return results.map((result) => result.results) as RowsOf<Statements>;
  }

  async #send(prepared: D1PreparedStatement[]): Promise<D1Result[]> {
    try {
      return prepared.length === 1
        ? [await prepared[0]!.all()]
        : await this.#binding.batch(prepared);
    } catch (error) {
      throw new DatabaseError(error);
    }
  }
}
