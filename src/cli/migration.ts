/**
 * `npm run migration -- --name what_changes`: has drizzle-kit write the migration from the schema, and
 * adds WITHOUT ROWID, which Drizzle can't express, to every new table that names its own primary key.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";

const existing = new Set(globSync("drizzle/migrations/*.sql"));
execFileSync(
  "drizzle-kit",
  ["generate", "--config", "drizzle/drizzle.config.ts", ...process.argv.slice(2)],
  { stdio: "inherit" },
);

for (const file of globSync("drizzle/migrations/*.sql").filter((each) => !existing.has(each))) {
  const statements = readFileSync(file, "utf8").split("--> statement-breakpoint");
  writeFileSync(file, statements.map(withoutRowid).join("--> statement-breakpoint"));
}

function withoutRowid(statement: string): string {
  const hasRowid = /integer PRIMARY KEY/i.test(statement) || !/CREATE TABLE/i.test(statement);
  return hasRowid ? statement : statement.replace(/\);(\s*)$/, ") WITHOUT ROWID;$1");
}
