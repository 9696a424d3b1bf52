/**
 * The tables that a migration drops although others refer to them. SQLite changes a constraint by dropping the table
 * and creating it again. D1 can't switch foreign keys off, so the drop fails, or deletes the referring rows.
 */
export function referredTablesDropped(migration: string, earlier: string[]): string[] {
  const definitions = [...earlier, migration].join("\n");
  const dropped = [...migration.matchAll(/DROP TABLE (?:IF EXISTS )?["'`]?(\w+)/gi)].map(
    ([, table]) => table!,
  );
  return dropped.filter((table) =>
    new RegExp(`REFERENCES ["'\`]?${table}\\b`, "i").test(definitions),
  );
}
