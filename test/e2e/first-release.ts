/** A database of the first release with rows in every table, and what migrations make of them. */
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_splitSqlQuery as statementsOf } from "wrangler";

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;
type Row = Record<string, unknown>;

/** Where SQLite keeps the last AUTOINCREMENT of each table. */
const SEQUENCES = "sqlite_sequence";

/** The rows of the first release that aren't there any more, or say something else, after later migrations. */
export async function lostRows(firstRelease: string, later: string[]): Promise<string[]> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({ modules: true, script: "", d1Databases: { DB: "migrated" } }),
  );
  try {
    const database = await miniflare.getD1Database("DB");
    await apply(database, firstRelease);
    await fill(database);
    const before = await contents(database);
    for (const migration of later) await apply(database, migration);
    const after = await contents(database);
    return [...before].flatMap(([table, rows]) =>
      rows
        .filter((row) => !after.get(table)?.some((now) => isSame(row, now)))
        .map((row) => `${table}: ${JSON.stringify(row)}`),
    );
  } finally {
    await miniflare.dispose();
  }
}

/** As Wrangler does it. */
async function apply(database: Database, sql: string): Promise<void> {
  await database.batch(statementsOf(sql).map((statement) => database.prepare(statement)));
}

/** Row n has n in every column, so that it refers to row n of other tables. */
async function fill(database: Database): Promise<void> {
  const statements = ["PRAGMA defer_foreign_keys = on"];
  const tables = await tablesOf(database);
  for (const { name, sql } of tables.filter((table) => table.name !== SEQUENCES)) {
    const { results } = await database
      .prepare(`PRAGMA table_info(${name})`)
      .all<{ name: string }>();
    for (const n of [1, 2, 3]) {
      const values = results.map((column) => allowedText(column.name, sql) ?? n);
      statements.push(`INSERT INTO ${name} VALUES (${values.join()})`);
    }
  }
  // As after the removal of a row that was the last.
  if (tables.some((table) => table.name === SEQUENCES)) {
    statements.push(`UPDATE ${SEQUENCES} SET seq = seq + 1`);
  }
  await apply(database, statements.join(";"));
}

/** The first text that a CHECK allows, if it lists some. */
function allowedText(column: string, sql: string): string | undefined {
  return new RegExp(`"${column}" in \\(('[^']*')`, "i").exec(sql)?.[1];
}

async function contents(database: Database): Promise<Map<string, Row[]>> {
  const found = new Map<string, Row[]>();
  for (const { name } of await tablesOf(database)) {
    found.set(name, (await database.prepare(`SELECT * FROM ${name}`).all<Row>()).results);
  }
  return found;
}

/** All but D1's own. */
async function tablesOf(database: Database): Promise<{ name: string; sql: string }[]> {
  const { results } = await database
    .prepare(
      "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
    .all<{ name: string; sql: string }>();
  return results;
}

/** Later migrations may add columns and drop some. */
function isSame(row: Row, now: Row): boolean {
  return Object.keys(row).every((column) => !(column in now) || now[column] === row[column]);
}
