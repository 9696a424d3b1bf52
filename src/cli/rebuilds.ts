/**
 * Migrations that drop a table that others refer to. SQLite rebuilds a table to change a constraint, and D1
 * keeps foreign keys on meanwhile: rows that refer to it ON DELETE CASCADE are deleted without an error.
 */
import { DatabaseSync } from "node:sqlite";
import { unstable_splitSqlQuery as statementsOf } from "wrangler";

/** Why D1 would lose rows by a migration, or fail to run it. `earlier` are the migrations before it. */
export function faultsOf(migration: string, earlier: string[]): string[] {
  const { drops, error } = tryOut(migration, earlier);
  const faults = drops.map(
    ({ table, referrers }) => `It drops ${table}, which is referred to by ${referrers.join(", ")}.`,
  );
  return error === undefined ? faults : [...faults, `It doesn't run: ${error}`];
}

export interface Drop {
  table: string;
  referrers: string[];
}

/** The drops of tables that others refer to at that moment, and the error that ends the migration. */
export function tryOut(migration: string, earlier: string[]): { drops: Drop[]; error?: string } {
  const drops: Drop[] = [];
  try {
    const database = databaseAfter(earlier);
    for (const statement of statementsOf(migration)) drops.push(...dropsBy(statement, database));
    return { drops };
  } catch (error) {
    return { drops, error: (error as Error).message };
  }
}

/** Runs a statement, and answers which tables it dropped that others refer to. */
function dropsBy(statement: string, database: DatabaseSync): Drop[] {
  const before = tablesOf(database);
  const drops = before.map((table) => ({ table, referrers: referrersOf(database, table) }));
  database.exec(statement);
  const after = tablesOf(database);
  // A renamed table has gone too, but there are as many tables as before.
  if (after.length >= before.length) return [];
  return drops.filter(({ table, referrers }) => !after.includes(table) && referrers.length > 0);
}

/** An empty database with the tables that these migrations leave. */
export function databaseAfter(migrations: string[]): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const migration of migrations) database.exec(migration);
  return database;
}

export function tablesOf(database: DatabaseSync): string[] {
  return texts(database, "SELECT name FROM sqlite_master WHERE type = 'table'");
}

/** The other tables with a foreign key to this one. */
export function referrersOf(database: DatabaseSync, table: string): string[] {
  return texts(
    database,
    `SELECT DISTINCT m.name FROM sqlite_master m, pragma_foreign_key_list(m.name) f
     WHERE m.type = 'table' AND m.name <> :table AND f."table" = :table COLLATE NOCASE`,
    { table },
  );
}

/** The first column of what a query finds. */
export function texts(
  database: DatabaseSync,
  sql: string,
  parameters: { table?: string } = {},
): string[] {
  const rows = database.prepare(sql).all(parameters);
  return rows.map((row) => String(Object.values(row)[0]));
}
