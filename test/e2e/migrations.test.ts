import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { globSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { databaseAfter, faultsOf, referrersOf, tablesOf } from "../../src/cli/rebuilds.ts";
import { lostRows } from "./first-release.ts";
import { setReferrersAside } from "./set-aside.ts";

const run = promisify(execFile);

const MIGRATIONS = globSync("drizzle/migrations/*.sql")
  .toSorted()
  .map((file) => readFileSync(file, "utf8"));
const [FIRST_RELEASE, ...LATER] = MIGRATIONS as [string, ...string[]];

const database = databaseAfter(MIGRATIONS);
const REFERRED = tablesOf(database).filter((table) => referrersOf(database, table).length > 0);

it("are all written: drizzle-kit finds nothing in the schema that they lack", async () => {
  expect(await generate(await project())).toContain("No schema changes");
});

it.each([...MIGRATIONS.entries()])("drop no table that others refer to: %i", (index, migration) => {
  expect(faultsOf(migration, MIGRATIONS.slice(0, index))).toEqual([]);
});

it("keep every row of the first release", async () => {
  expect(await lostRows(FIRST_RELEASE, LATER)).toEqual([]);
});

describe.each(REFERRED)("a rebuild of %s", (table) => {
  it("loses rows or fails as drizzle-kit writes it, but not with what refers to it set aside", async () => {
    const folder = await projectToRebuild(table);
    await generate(folder);
    const rebuild = await written(folder);
    expect(faultsOf(rebuild, MIGRATIONS)).toEqual([expect.stringContaining(`drops ${table},`)]);
    // D1 refuses the drop where ON DELETE CASCADE hasn't deleted what refers to it.
    const lost = await lostRows(FIRST_RELEASE, [...LATER, rebuild]).catch(String);
    expect(String(lost)).toMatch(/: \{|FOREIGN KEY/);

    const safe = setReferrersAside(rebuild, MIGRATIONS);
    expect(faultsOf(safe, MIGRATIONS)).toEqual([]);
    expect(await lostRows(FIRST_RELEASE, [...LATER, safe])).toEqual([]);
    expect(definitions([...MIGRATIONS, safe], table)).toEqual(definitions(MIGRATIONS, table));
  });
});

describe("npm run migration", () => {
  const [table] = REFERRED as [string];

  it("refuses to rebuild a table that others refer to, and leaves the folder as it was", async () => {
    const folder = await projectToRebuild(table);
    const before = await filesOf(folder);
    await expect(program(folder)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`It drops ${table}, which is referred to by`),
    });
    expect(await filesOf(folder)).toEqual(before);
  });
});

/** A copy of all that migrations are written from. */
async function project(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const each of ["drizzle", "src", "package.json"]) {
    await cp(each, join(folder, each), { recursive: true });
  }
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  return folder;
}

/** One in which drizzle-kit finds that a column's NOT NULL has changed, for which it rebuilds the table. */
async function projectToRebuild(table: string): Promise<string> {
  const folder = await project();
  const snapshots = globSync(join(folder, "drizzle/migrations/meta/*_snapshot.json"));
  const latest = snapshots.toSorted().at(-1)!;
  const snapshot = JSON.parse(await readFile(latest, "utf8"));
  const column = Object.values<{ notNull: boolean }>(snapshot.tables[table].columns).at(-1)!;
  column.notNull = !column.notNull;
  await writeFile(latest, JSON.stringify(snapshot));
  return folder;
}

async function generate(folder: string): Promise<string> {
  const args = ["generate", "--config", "drizzle/drizzle.config.ts", "--name", "new"];
  return (await run("drizzle-kit", args, { cwd: folder })).stdout;
}

async function program(folder: string): Promise<void> {
  await run("node", ["src/cli/migration.ts", "--name", "new"], { cwd: folder });
}

/** The migration that it has got. */
async function written(folder: string): Promise<string> {
  const files = globSync(join(folder, "drizzle/migrations/*_new.sql"));
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

async function filesOf(folder: string) {
  const files = globSync(join(folder, "drizzle/migrations/**/*.*")).toSorted();
  return Promise.all(files.map(async (file) => [file, await readFile(file, "utf8")]));
}

/** The tables and indexes that migrations leave, but for one table. Renaming a column changes its quotes. */
function definitions(migrations: string[], without: string) {
  const sql = `SELECT name, replace(sql, '"', '\`') AS sql FROM sqlite_master
    WHERE name <> ? AND name NOT LIKE 'sqlite_autoindex_%' ORDER BY name`;
  return databaseAfter(migrations).prepare(sql).all(without);
}
