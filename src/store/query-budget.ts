import type { Database } from "./database.ts";

/**
 * How many D1 queries a job may send. D1 limits the queries of an invocation; each statement of a batch is counted
 * as one.
 */
export class QueryBudget {
  readonly db: Database;
  readonly #end: number;

  constructor(db: Database, queries: number) {
    this.db = db;
    this.#end = db.statements + queries;
  }

  get left(): number {
    return this.#end - this.db.statements;
  }

  /** Whether this many more queries fit. */
  allows(queries: number): boolean {
    return queries <= this.left;
  }

  /** A part of what is left: at most this many queries. */
  part(queries: number): QueryBudget {
    return new QueryBudget(this.db, Math.min(queries, this.left));
  }
}
