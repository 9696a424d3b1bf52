import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { droppedReferencedTables } from "../../src/cli/dropped-tables.ts";

const run = promisify(execFile);

const MIGRATIONS = globSync("drizzle/migrations/*.sql")
  .toSorted()
  .map((file) => readFileSync(file, "utf8"));

it.each(["drizzle/drizzle.config.ts", "drizzle/workbench.config.ts"])(
  "%s has a migration for every change of its schema",
  async (config) => {
    const cwd = await project();
    const args = ["generate", "--config", config, "--name", "new"];
    expect((await run("drizzle-kit", args, { cwd })).stdout).toContain("No schema changes");
  },
);

it.each([...MIGRATIONS.entries()])(
  "migration %i drops no table that other tables reference",
  (index, migration) => {
    expect(droppedReferencedTables(migration, MIGRATIONS.slice(0, index))).toEqual([]);
  },
);

it("npm run migration refuses to rebuild a table that other tables reference, and leaves the folder unchanged", async () => {
  const cwd = await project();
  await changeConstraint(cwd, "orders");
  const before = await migrationsIn(cwd);
  await expect(
    run("node", ["src/cli/migration.ts", "--name", "new"], { cwd }),
  ).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("drops orders, which other tables refer to"),
  });
  expect(await migrationsIn(cwd)).toEqual(before);
});

/** Copies the files that drizzle-kit reads. */
async function project(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const each of ["drizzle", "src", "package.json"]) {
    await cp(each, join(folder, each), { recursive: true });
  }
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Changes a column's NOT NULL in the snapshot, so that drizzle-kit wants to rebuild the table. */
async function changeConstraint(folder: string, table: string): Promise<void> {
  const snapshots = globSync(join(folder, "drizzle/migrations/meta/*_snapshot.json"));
  const latest = snapshots.toSorted().at(-1)!;
  const snapshot = JSON.parse(await readFile(latest, "utf8"));
  const column = Object.values<{ notNull: boolean }>(snapshot.tables[table].columns).at(-1)!;
  column.notNull = !column.notNull;
  await writeFile(latest, JSON.stringify(snapshot));
}

async function migrationsIn(folder: string) {
  const files = globSync(join(folder, "drizzle/migrations/**/*.*")).toSorted();
  return Promise.all(files.map(async (file) => [file, await readFile(file, "utf8")]));
}
