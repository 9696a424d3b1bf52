import { sql } from "drizzle-orm";
import { Statement, type Database } from "./database.ts";

const optimize = Statement.of(sql<unknown>`pragma optimize`);

/**
 * Has SQLite look at what the tables have become, where they have grown. Without that it checks that a
 * deleted order has no events by reading all of the partner's. What D1 says of it:
 * https://developers.cloudflare.com/d1/sql-api/sql-statements/
 */
export async function refreshStatistics(db: Database): Promise<void> {
  await db.run(optimize.bind({}));
}
