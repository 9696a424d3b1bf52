import { is, Placeholder, sql, type Query, type SQL } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { drizzle } from "drizzle-orm/sqlite-proxy";

/** What was spent in D1: `queries` counts round trips (a batch is one), the rows are D1's own figures. */
export interface D1Cost {
  queries: number;
  rows_read: number;
  rows_written: number;
}

const noCost = (): D1Cost => ({ queries: 0, rows_read: 0, rows_written: 0 });

/** Drizzle as the writer of statements. It runs none: that is for `Database`, which knows what they cost. */
export const write = drizzle(() => Promise.reject(new Error("Drizzle writes statements only")));

/** The value that will be bound under a name. */
export const value = (name: string): SQL => sql`${sql.placeholder(name)}`;

const dialect = new SQLiteAsyncDialect();

/** A statement with its values, ready for a batch. `Row` is what it answers, which no value of this type holds. */
export interface BoundStatement<Row> {
  text: string;
  params: unknown[];
  row?: Row;
}

type RowOf<Written> = Written extends { _: { result: (infer Row)[] } } ? Row : never;

/**
 * A statement that is written once in the life of an isolate, with `value("name")` for its values: what a
 * request has to do is bind them. Its rows come as D1 names their columns, so what is selected under
 * another name than its column's needs an alias.
 */
export class Statement<Row> {
  readonly #text: string;
  readonly #params: ((values: Record<string, unknown>) => unknown)[];

  private constructor({ sql: text, params }: Query) {
    this.#text = text;
    this.#params = params.map((param) =>
      is(param, Placeholder) ? (values) => values[param.name] ?? null : () => param,
    );
  }

  static of<Written extends { toSQL(): Query }>(written: Written): Statement<RowOf<Written>> {
    return new Statement(written.toSQL());
  }

  /** For what Drizzle's builders can't say. */
  static ofSql<Row>(text: SQL): Statement<Row> {
    return new Statement(dialect.sqlToQuery(text));
  }

  /** By the names of its values. One that is left out is NULL. */
  bind(values: Record<string, unknown>): BoundStatement<Row> {
    return { text: this.#text, params: this.#params.map((param) => param(values)) };
  }
}

type RowsOf<Statements> = {
  [Index in keyof Statements]: Statements[Index] extends BoundStatement<infer Row> ? Row[] : never;
};

/** Reads as new as the last write: the constraint of a session without a bookmark. */
const NEWEST = "first-primary";

/** One session with D1, for one request: it knows what was spent in it, and how new what it has seen is. */
export class Database {
  readonly cost = noCost();
  readonly #session: D1DatabaseSession;
  #ledgerBookmark = "";

  /** With a bookmark, any replica that is as new may answer; without, what is read is the newest there is. */
  constructor(binding: D1Database, bookmark: string = NEWEST) {
    this.#session = binding.withSession(bookmark);
  }

  /** The newest state that the request has seen or made, for a later session to start from; empty before its first query. */
  get bookmark(): string {
    const own = this.#session.getBookmark() ?? "";
    // Bookmarks sort by age.
    return own > this.#ledgerBookmark ? own : this.#ledgerBookmark;
  }

  /** Adds what a ledger has spent for this request, and how far it has brought D1. */
  addSpent(cost: D1Cost, bookmark: string): void {
    this.cost.queries += cost.queries;
    this.cost.rows_read += cost.rows_read;
    this.cost.rows_written += cost.rows_written;
    this.#ledgerBookmark = bookmark;
  }

  /** Runs statements in one round trip and one transaction, and answers the rows of each. */
  async run<const Statements extends readonly BoundStatement<unknown>[]>(
    ...statements: Statements
  ): Promise<RowsOf<Statements>> {
    const prepared = statements.map(({ text, params }) =>
      this.#session.prepare(text).bind(...params),
    );
    // Counted first: a batch that is refused was a round trip too.
    this.cost.queries += 1;
    const results =
      prepared.length === 1 ? [await prepared[0]!.all()] : await this.#session.batch(prepared);
    for (const { meta } of results) {
      this.cost.rows_read += meta.rows_read;
      this.cost.rows_written += meta.rows_written;
    }
    return results.map((result) => result.results) as RowsOf<Statements>;
  }
}
