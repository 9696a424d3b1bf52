/** The tables and the two seeded partners of a local database. Runs in the Worker's isolate as well as in Node. */
import type { D1Database } from "@cloudflare/workers-types";

/** What a database starts with. */
export interface Beginning {
  migrations: Migration[];
  seed: string[];
}

export interface Migration {
  name: string;
  statements: string[];
}

/** The table that Wrangler keeps, as Wrangler makes it: either tool knows what the other has applied. */
const CREATE_APPLIED = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

type Database = Pick<D1Database, "prepare" | "batch">;

/**
 * Applies what is missing, and the seed, by which the two partners' keys work after every start. Does
 * nothing but answer its name where there is a migration that this version doesn't know.
 */
export async function prepareDatabase(
  database: Database,
  { migrations, seed }: Beginning,
): Promise<{ unknownMigration?: string }> {
  const applied = await appliedTo(database);
  const unknown = applied.find((name) => !migrations.some((each) => each.name === name));
  if (unknown !== undefined) return { unknownMigration: unknown };
  for (const migration of migrations) {
    if (!applied.includes(migration.name)) await apply(database, migration);
  }
  await database.batch(seed.map((statement) => database.prepare(statement)));
  return {};
}

async function appliedTo(database: Database): Promise<string[]> {
  await database.prepare(CREATE_APPLIED).run();
  const { results } = await database
    .prepare('SELECT name FROM "d1_migrations"')
    .all<{ name: string }>();
  return results.map(({ name }) => name);
}

/** All of a migration with its record, or nothing. */
async function apply(database: Database, { name, statements }: Migration): Promise<void> {
  await database.batch([
    ...statements.map((statement) => database.prepare(statement)),
    database.prepare('INSERT INTO "d1_migrations" (name) VALUES (?)').bind(name),
  ]);
}
