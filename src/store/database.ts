import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import * as schema from "./schema.ts";

export type Database = DrizzleD1Database<typeof schema>;

/** What was spent in D1: `queries` counts round trips (a batch is one), the rows are D1's own figures. */
export interface D1Cost {
  queries: number;
  rows_read: number;
  rows_written: number;
}

export const noCost = (): D1Cost => ({ queries: 0, rows_read: 0, rows_written: 0 });

export function addCost(to: D1Cost, cost: D1Cost): void {
  to.queries += cost.queries;
  to.rows_read += cost.rows_read;
  to.rows_written += cost.rows_written;
}

/** Drizzle over a D1 binding; everything it spends is added to `cost`. */
export function openDatabase(binding: D1Database, cost: D1Cost): Database {
  return drizzle(meter(binding, cost), { schema });
}

/**
 * The two methods of a D1 binding that Drizzle calls, metered. Rows come as arrays from D1's `all()`,
 * as its `raw()` does not say what it cost.
 */
function meter(binding: D1Database, cost: D1Cost): D1Database {
  const metered = new WeakMap<object, D1PreparedStatement>();

  const spend = <R extends D1Result[]>(results: R): R => {
    cost.queries += 1;
    for (const { meta } of results) {
      cost.rows_read += meta.rows_read;
      cost.rows_written += meta.rows_written;
    }
    return results;
  };

  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const all = async () => spend([await statement.all()])[0]!;
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all,
      run: all,
      raw: async () => (await all()).results.map((row) => Object.values(row as object)),
    } as unknown as D1PreparedStatement;
    metered.set(wrapped, statement);
    return wrapped;
  };

  return {
    prepare: (query: string) => wrap(binding.prepare(query)),
    batch: async (statements: D1PreparedStatement[]) =>
      spend(await binding.batch(statements.map((each) => metered.get(each)!))),
  } as unknown as D1Database;
}
