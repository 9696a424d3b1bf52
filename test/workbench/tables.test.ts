import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { faults } from "../../src/workbench/schema.ts";
import { Tables } from "../../src/workbench/tables.ts";

let numbers = 0;
/** The tables of an object of its own. */
function inStorage(use: (storage: DurableObjectStorage) => unknown) {
  const stub = env.WORKBENCH.getByName(`tables-${(numbers += 1)}`);
  return runInDurableObject(stub, (_, { storage }) => use(storage));
}

const fault = { fault: "error", times: 1, remaining: 1, skip: 0, skip_remaining: 0 } as const;
const row = { id: "f-1", ...fault, delay_ms: 0, match: {}, created_at: "2026-01-01T00:00:00Z" };
const tablesIn = ({ sql }: DurableObjectStorage) =>
  sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray();

it("are made when something is written: who only asks leaves nothing", () =>
  inStorage((storage) => {
    const tables = new Tables(storage);
    expect(tables.ofDataset(1)).toBeUndefined();
    expect(tablesIn(storage)).toEqual([]);
    tables.forDataset(1)!.insert(faults).values(row).run();
    expect(new Tables(storage).ofDataset(1)!.select().from(faults).all()).toEqual([
      { sequence: 1, ...row },
    ]);
  }));

it("are of one dataset: a later one empties them, an earlier one has none", () =>
  inStorage((storage) => {
    const tables = new Tables(storage);
    tables.forDataset(1)!.insert(faults).values(row).run();
    expect(tables.ofDataset(2)).toBeUndefined();
    expect(tables.ofDataset(1)).toBeDefined();
    expect(tables.forDataset(2)!.select().from(faults).all()).toEqual([]);
    expect(tables.ofDataset(1)).toBeUndefined();
    expect(tables.forDataset(1)).toBeUndefined();
  }));

it("are made anew where another version of the Worker made them", () =>
  inStorage((storage) => {
    const tables = new Tables(storage);
    tables.forDataset(1);
    storage.sql.exec("DROP TABLE faults; CREATE TABLE faults (other); CREATE TABLE older (x)");
    storage.kv.put("layout", "another");
    expect(tables.ofDataset(1)).toBeUndefined();
    tables.forDataset(1)!.insert(faults).values(row).run();
    expect(JSON.stringify(tablesIn(storage))).not.toContain("older");
  }));

it("can be made again after everything was deleted", () =>
  inStorage(async (storage) => {
    const tables = new Tables(storage);
    tables.forDataset(2);
    await storage.deleteAll();
    expect(tables.ofDataset(2)).toBeUndefined();
    expect(tables.forDataset(1)!.select().from(faults).all()).toEqual([]);
  }));
