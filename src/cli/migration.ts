/**
 * `npm run migration -- --name what_changes`: writes the migrations of D1 and of the workbench with
 * drizzle-kit. Adds WITHOUT ROWID, which Drizzle can't express, to every new table without an integer
 * primary key, and rejects a migration that could delete rows.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { droppedReferencedTables } from "./dropped-tables.ts";
import { fail } from "./tools.ts";

const ADVICE = `The folder of migrations is unchanged. D1 can't switch foreign keys off: dropping a table deletes the
rows that refer to it, or fails. Add a column instead of changing a constraint, or copy the referring tables first:
see "A migration" in .github/CONTRIBUTING.md.`;

const before = filesOfMigrations();
for (const config of ["drizzle/drizzle.config.ts", "drizzle/workbench.config.ts"]) {
  execFileSync("drizzle-kit", ["generate", "--config", config, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
}
for (const [path, sql] of filesOfMigrations()) {
  if (path.endsWith(".sql") && !before.has(path)) finish(path, sql);
}
bundleWorkbenchMigrations();

function finish(path: string, written: string): void {
  const statements = written.split("--> statement-breakpoint").map(withoutRowid);
  const migration = statements.join("--> statement-breakpoint");
  const earlier = [...before]
    .filter(([each]) => each.endsWith(".sql") && dirname(each) === dirname(path))
    .map(([, content]) => content);
  const dropped = droppedReferencedTables(migration, earlier);
  if (dropped.length > 0) {
    restore();
    fail(`The migration drops ${dropped.join(", ")}, which other tables refer to.\n${ADVICE}`);
  }
  writeFileSync(path, migration);
}

function withoutRowid(statement: string): string {
  const isUnchanged = /integer PRIMARY KEY/i.test(statement) || !/CREATE TABLE/i.test(statement);
  return isUnchanged ? statement : statement.replace(/\);(\s*)$/, ") WITHOUT ROWID;$1");
}

/** The content of each migration, snapshot and journal, sorted by path. */
function filesOfMigrations(): Map<string, string> {
  const paths = globSync("drizzle/{migrations,workbench}/**/*.{sql,json}").toSorted();
  return new Map(paths.map((path) => [path, readFileSync(path, "utf8")]));
}

function restore(): void {
  for (const path of filesOfMigrations().keys()) if (!before.has(path)) rmSync(path);
  for (const [path, content] of before) writeFileSync(path, content);
}

/** Writes the workbench's migrations as JSON for Drizzle's migrator, since a Worker can't read files. */
function bundleWorkbenchMigrations(): void {
  const files = [...filesOfMigrations()].filter(([path]) => path.startsWith("drizzle/workbench/"));
  const journal = files.find(([path]) => path.endsWith("_journal.json"))![1];
  const migrations = files
    .filter(([path]) => path.endsWith(".sql"))
    .map(([path, sql]) => [`m${basename(path).slice(0, 4)}`, sql]);
  const module = { journal: JSON.parse(journal), migrations: Object.fromEntries(migrations) };
  writeFileSync("src/generated/workbench-migrations.json", `${JSON.stringify(module, null, 2)}\n`);
}
