import { sql } from "drizzle-orm";
import { Statement, type Database } from "./database.ts";

const selectLatest = Statement.of(
  sql<{ name: string }>`select name from d1_migrations order by id desc limit 1`,
);

/** The name of the migration that was applied last, without its extension. One round trip, one row. */
export async function findLatestMigration(db: Database): Promise<string | undefined> {
  const [[latest]] = await db.run(selectLatest.bind());
  return latest?.name.replace(/\.sql$/, "");
}
