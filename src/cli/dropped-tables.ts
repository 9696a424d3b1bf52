/**
 * The tables that a migration drops while others reference them. To change a constraint in SQLite, drizzle-kit drops
 * the table and recreates it. D1 can't turn foreign keys off, so the drop fails or deletes the referencing rows.
 */
export function droppedReferencedTables(migration: string, earlier: string[]): string[] {
  const definitions = [...earlier, migration].join("\n");
  const dropped = [...migration.matchAll(/DROP TABLE (?:IF EXISTS )?["'`]?(\w+)/gi)].map(
    ([, table]) => table!,
  );
  return dropped.filter((table) =>
    new RegExp(`REFERENCES ["'\`]?${table}\\b`, "i").test(definitions),
  );
}
