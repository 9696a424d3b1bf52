import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { Database } from "../../src/store/database.ts";
import { Dataset } from "../../src/store/dataset.ts";
import {
  DatabaseError,
  DatasetSuperseded,
  exceededQuota,
  isBeyondEnvironments,
  isSuperseded,
  isUnavailable,
  isUnmigrated,
  violatedUniqueColumns,
  violatesFence,
} from "../../src/store/failures.ts";
import { findOrder } from "../../src/store/orders.ts";
import { newPartner } from "../support/client.ts";

/** The error that `Database` throws when D1 rejects a statement. */
const errorOf = (statement: string) =>
  env.DB.prepare(statement)
    .run()
    .then(
      () => undefined,
      (error: unknown) => new DatabaseError(error),
    );

it.each([
  ["a superseded dataset", "SELECT json('superseded')", isSuperseded],
  ["a missing table", "SELECT * FROM missing", isUnmigrated],
  [
    "one environment too many",
    "INSERT INTO environments (partner_id, created_at) VALUES (NULL, '')",
    isBeyondEnvironments,
  ],
  [
    "a broken fence",
    `INSERT INTO order_changes (dataset_id, order_id, version, change, request_id, changed_at)
     VALUES (1, 'o', NULL, 'CREATED', '', '')`,
    violatesFence,
  ],
  [
    "an exceeded quota",
    "INSERT INTO datasets (partner_id, stored_bytes) VALUES (1, NULL)",
    (error: unknown) => exceededQuota(error) === "bytes",
  ],
  [
    "a taken ID",
    `INSERT INTO sweep_positions (name, dataset_id, sequence) VALUES ('orders', 1, 1), ('orders', 1, 1)`,
    (error: unknown) => violatedUniqueColumns(error).length > 0,
  ],
])("recognizes the error of D1 for %s", async (_, statement, recognizes) => {
  const error = await errorOf(statement);
  expect(error).toBeDefined();
  expect(recognizes(error)).toBe(true);
  expect(isUnavailable(error)).toBe(false);
});

it("throws DatasetSuperseded for a closed dataset, a deleted environment and an unknown fault", async () => {
  const { dataset: known } = await newPartner();
  const open = (changed: object) =>
    new Dataset(new Database(env.DB), { ...known, ...changed }, undefined);
  const run = (changed: object) => open(changed).run();
  await expect(run({})).resolves.toEqual([]);
  // A read checks the dataset in its only statement, even if it finds nothing.
  const read = (changed: object) => findOrder(open(changed), "none");
  const current = open({});
  await expect(findOrder(current, "none")).resolves.toBeUndefined();
  expect(current.db.statements).toBe(1);
  await expect(read({ dataset_id: -1 })).rejects.toThrow(DatasetSuperseded);
  await expect(read({ environment_id: -1 })).rejects.toThrow(DatasetSuperseded);
  await expect(run({ dataset_id: -1 })).rejects.toThrow(DatasetSuperseded);
  await expect(run({ environment_id: -1 })).rejects.toThrow(DatasetSuperseded);
  await env.DB.prepare("UPDATE environments SET has_faults = 1 WHERE id = ?")
    .bind(known.environment_id)
    .run();
  await expect(run({})).rejects.toThrow(DatasetSuperseded);
  await expect(read({})).rejects.toThrow(DatasetSuperseded);
  await expect(run({ has_faults: true })).resolves.toEqual([]);
});
