import { is, Placeholder, sql, type Query, type SQL } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import type { Assumptions } from "../domain/assumptions.ts";
import { DatabaseError } from "./failures.ts";

/** A request's cost in D1. `queries` counts round trips (a batch is one); D1 counts the rows. */
export interface D1Cost {
  queries: number;
  rows_read: number;
  rows_written: number;
}

/** The current dataset of an environment, as cached by this isolate. `Dataset` checks that it is still current. */
export interface KnownDataset {
  environment_id: number;
  /** All rows of the environment belong to it. A reset gives the environment a new one. */
  dataset_id: number;
  has_faults: boolean;
  has_webhooks: boolean;
  assume: Assumptions;
}

/** A placeholder for a value that is bound by this name. */
export const placeholder = (name: string): SQL => sql`${sql.placeholder(name)}`;

const dialect = new SQLiteAsyncDialect();

/** A statement with its values, ready for a batch. */
export interface BoundStatement<Row> {
  text: string;
  params: unknown[];
  /** Only for the type of the rows. Never set. */
  row?: Row;
}

/** A bound statement on the data of one environment. Only `Dataset` runs it, and checks that the dataset is current. */
export interface BoundDatasetStatement<Row = unknown> {
  scoped: BoundStatement<Row>;
  /** Whether it fails by itself if the dataset is not current: see `ifCurrent`. */
  isChecked?: boolean;
}

/** The rows of each statement of a batch. */
export type RowsOf<Statements> = {
  [Index in keyof Statements]: Statements[Index] extends
    | BoundStatement<infer Row>
    | BoundDatasetStatement<infer Row>
    ? Row[]
    : never;
};

/** Values by placeholder name. For no value, pass null: `bind` throws if a name is left out. */
export type Values = Record<string, unknown>;

/** Throws if a placeholder has no value: a name that is left out or misspelled would write NULL. */
function bind<Row>({ sql: text, params }: Query, values: Values): BoundStatement<Row> {
  const bound = params.map((param) => {
    if (!is(param, Placeholder)) return param;
    const found = values[param.name];
    if (found === undefined) throw new Error(`No value is bound to ${param.name} in: ${text}`);
    return found;
  });
  return { text, params: bound };
}

/** A statement for keys, partners, the outbox and sweeps. It runs without a check that its dataset is current. */
export class Statement<Row> {
  readonly #query: Query;

  private constructor(query: Query) {
    this.#query = query;
  }

  static of<Row>(source: SQL<Row>): Statement<Row> {
    return new Statement(dialect.sqlToQuery(source));
  }

  bind(values: Values = {}): BoundStatement<Row> {
    return bind(this.#query, values);
  }
}

/** A statement on the data of one environment. Throws without a placeholder `dataset_id` or `environment_id`. */
export class DatasetStatement<Row> {
  readonly #query: Query;
  readonly #isChecked: boolean;

  private constructor(query: Query, isChecked: boolean) {
    this.#query = query;
    this.#isChecked = isChecked;
  }

  static of<Row>(source: SQL<Row>): DatasetStatement<Row> {
    const query = dialect.sqlToQuery(source);
    const names = query.params.map((param) => (is(param, Placeholder) ? param.name : ""));
    if (!names.some((name) => SCOPES.has(name)))
      throw new Error(`No condition on a dataset or environment in: ${query.sql}`);
    return new DatasetStatement(query, names.includes(CHECKED));
  }

  bind({ known }: { known: KnownDataset }, values: Values = {}): BoundDatasetStatement<Row> {
    const { dataset_id, environment_id } = known;
    const known_faults = Number(known.has_faults);
    const known_webhooks = Number(known.has_webhooks);
    const scope = { dataset_id, environment_id, known_faults, known_webhooks };
    return { scoped: bind(this.#query, { ...values, ...scope }), isChecked: this.#isChecked };
  }
}

/**
 * The content, if the dataset is current. Otherwise the statement fails: SQLite has no RAISE outside triggers, but json()
 * fails on invalid JSON.
 */
export const ifCurrent = (content: SQL): SQL => sql`
  json(coalesce((
    select iif(dataset_id = ${placeholder("dataset_id")} and has_faults <= ${placeholder(CHECKED)}
      and has_webhooks <= ${placeholder("known_webhooks")}, ${content}, 'superseded')
    from environments where id = ${placeholder("environment_id")}), 'superseded'))`;

const SCOPES = new Set(["dataset_id", "environment_id"]);
/** A placeholder that only `ifCurrent` has. */
const CHECKED = "known_faults";

/** The connection to D1 for one request. It counts the request's cost. Every read sees all committed writes. */
export class Database {
  readonly cost: D1Cost = { queries: 0, rows_read: 0, rows_written: 0 };
  /** The statements sent, which D1 limits for each invocation. */
  statements = 0;
  readonly #binding: D1Database;

  constructor(binding: D1Database) {
    this.#binding = binding;
  }

  /** Adds a ledger's cost to the request's. */
  addCost({ queries, rows_read, rows_written }: D1Cost): void {
    this.cost.queries += queries;
    this.cost.rows_read += rows_read;
    this.cost.rows_written += rows_written;
  }

  /** Runs statements in one round trip and one transaction, and returns the rows of each. */
  async run<const Statements extends readonly BoundStatement<unknown>[]>(
    ...statements: Statements
  ): Promise<RowsOf<Statements>> {
    const prepared = statements.map(({ text, params }) =>
      this.#binding.prepare(text).bind(...params),
    );
    // Counted first, because a rejected batch is a round trip too.
    this.cost.queries += 1;
    this.statements += prepared.length;
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
