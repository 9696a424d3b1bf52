import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { getTableName, is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { expect, it } from "vitest";
import { createFault } from "../../src/domain/faults.ts";
import { DatasetStorage } from "../../src/workbench/database.ts";
import * as schema from "../../src/workbench/schema.ts";

const { faults } = schema;

let objects = 0;
/** Runs a test in the storage of a new object. */
function inStorage(test: (storage: DurableObjectStorage) => Promise<void>) {
  const stub = env.WORKBENCH.getByName(`storage-${(objects += 1)}`);
  return runInDurableObject(stub, (_, { storage }) => test(storage));
}

const identity = { id: "f-1", created_at: "2026-01-01T00:00:00Z" };
const row = { id: "f-1", fault: createFault({ fault: "error" }, identity) };
const tablesIn = ({ sql }: DurableObjectStorage) =>
  sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray();

it("creates the tables on the first write, not on a read", () =>
  inStorage(async (storage) => {
    const stored = new DatasetStorage(storage);
    await stored.open();
    expect(stored.read(1)).toBeUndefined();
    expect(tablesIn(storage)).toEqual([]);
    (await stored.write(1))!.insert(faults).values(row).run();
    expect(stored.read(1)!.select().from(faults).all()).toEqual([{ sequence: 1, ...row }]);
  }));

it("keeps its rows when it is reopened", () =>
  inStorage(async (storage) => {
    (await new DatasetStorage(storage).write(1))!.insert(faults).values(row).run();
    const again = new DatasetStorage(storage);
    await again.open();
    expect(again.read(1)!.select().from(faults).all()).toEqual([{ sequence: 1, ...row }]);
  }));

it("has the tables and columns of the schema", () =>
  inStorage(async (storage) => {
    await new DatasetStorage(storage).write(1);
    const tables = Object.values(schema).filter((each) => is(each, SQLiteTable));
    expect(tables.length).toBeGreaterThan(1);
    for (const table of tables) {
      const created = storage.sql.exec(`PRAGMA table_info(${getTableName(table)})`).toArray();
      const columns = getTableConfig(table).columns;
      expect(created.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
    }
  }));

it("empties every table for a later dataset, and rejects an earlier one", () =>
  inStorage(async (storage) => {
    const stored = new DatasetStorage(storage);
    (await stored.write(1))!.insert(faults).values(row).run();
    expect(stored.read(2)).toBeUndefined();
    expect(stored.read(1)).toBeDefined();
    expect((await stored.write(2))!.select().from(faults).all()).toEqual([]);
    expect(stored.read(1)).toBeUndefined();
    expect(await stored.write(1)).toBeUndefined();
  }));

it("can be written again after everything was deleted", () =>
  inStorage(async (storage) => {
    const stored = new DatasetStorage(storage);
    await stored.write(2);
    await stored.clear();
    expect(stored.read(2)).toBeUndefined();
    expect((await stored.write(1))!.select().from(faults).all()).toEqual([]);
  }));
