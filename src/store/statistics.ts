import { sql } from "drizzle-orm";
import { Statement } from "./database.ts";
import type { QueryBudget } from "./query-budget.ts";

const optimize = Statement.of(sql<never>`pragma optimize`);

/**
 * Updates SQLite's statistics of tables that have grown. Without them, SQLite reads all of a partner's events to
 * check that a deleted order has none. See https://developers.cloudflare.com/d1/sql-api/sql-statements/
 */
export async function refreshStatistics(budget: QueryBudget): Promise<void> {
  if (budget.allows(1)) await budget.db.run(optimize.bind());
}
