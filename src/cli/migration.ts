/**
 * `npm run migration -- --name what_changes`: has drizzle-kit write the migration from the schema, adds
 * WITHOUT ROWID, which Drizzle can't express, to every new table that names its own primary key, and
 * refuses what D1 would lose rows by.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { faultsOf } from "./rebuilds.ts";
import { fail } from "./tools.ts";

const ADVICE = `The folder of migrations is as it was. D1 can't switch foreign keys off: dropping a table deletes
the rows that refer to it, or fails. Add a column instead of changing a constraint, and make one change
in each migration. How a constraint is changed is in .github/CONTRIBUTING.md, "A migration".`;

const before = filesOfMigrations();
const earlier = [...before].filter(([path]) => path.endsWith(".sql")).map(([, content]) => content);
execFileSync(
  "drizzle-kit",
  ["generate", "--config", "drizzle/drizzle.config.ts", ...process.argv.slice(2)],
  { stdio: "inherit" },
);

for (const [path, sql] of filesOfMigrations()) {
  if (path.endsWith(".sql") && !before.has(path)) finish(path, sql);
}

function finish(path: string, written: string): void {
  const statements = written.split("--> statement-breakpoint").map(withoutRowid);
  const migration = statements.join("--> statement-breakpoint");
  const faults = faultsOf(migration, earlier);
  if (faults.length > 0) {
    restore();
    fail(["The migration is refused:", ...faults, ADVICE].join("\n"));
  }
  writeFileSync(path, migration);
}

function withoutRowid(statement: string): string {
  const hasRowid = /integer PRIMARY KEY/i.test(statement) || !/CREATE TABLE/i.test(statement);
  return hasRowid ? statement : statement.replace(/\);(\s*)$/, ") WITHOUT ROWID;$1");
}

/** The content of each migration, snapshot and journal, in the order of their names. */
function filesOfMigrations(): Map<string, string> {
  const paths = globSync("drizzle/migrations/**/*.{sql,json}").toSorted();
  return new Map(paths.map((path) => [path, readFileSync(path, "utf8")]));
}

function restore(): void {
  for (const path of filesOfMigrations().keys()) if (!before.has(path)) rmSync(path);
  for (const [path, content] of before) writeFileSync(path, content);
}
