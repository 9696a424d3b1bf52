/** Migrates and seeds a local database. Runs in the Worker's isolate and in Node. */
import type { D1Database } from "@cloudflare/workers-types";

export interface DatabaseSetup {
  migrations: Migration[];
  /** The statements that create the two local partners and their keys. */
  seed: string[];
}

export interface Migration {
  name: string;
  statements: string[];
}

/** Wrangler's own table, so that each tool knows which migrations the other has applied. */
const CREATE_MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

type Database = Pick<D1Database, "prepare" | "batch">;

/**
 * Applies missing migrations, then the seed, so that the local keys work after every start. If the database
 * has a migration that this version doesn't know, changes nothing and returns its name.
 */
export async function setUpDatabase(
  database: Database,
  { migrations, seed }: DatabaseSetup,
): Promise<{ unknownMigration?: string }> {
  const applied = await appliedMigrations(database);
  const unknown = applied.find((name) => !migrations.some((each) => each.name === name));
  if (unknown !== undefined) return { unknownMigration: unknown };
  for (const migration of migrations) {
    if (!applied.includes(migration.name)) await applyMigration(database, migration);
  }
  await database.batch(seed.map((statement) => database.prepare(statement)));
  return {};
}

async function appliedMigrations(database: Database): Promise<string[]> {
  await database.prepare(CREATE_MIGRATIONS_TABLE).run();
  const { results } = await database
    .prepare('SELECT name FROM "d1_migrations"')
    .all<{ name: string }>();
  return results.map(({ name }) => name);
}

/** Runs the migration and records it in one batch. */
async function applyMigration(database: Database, { name, statements }: Migration): Promise<void> {
  await database.batch([
    ...statements.map((statement) => database.prepare(statement)),
    database.prepare('INSERT INTO "d1_migrations" (name) VALUES (?)').bind(name),
  ]);
}
