import { env } from "cloudflare:workers";
import { getTableName } from "drizzle-orm";
import { DATASET_TABLES } from "../../src/store/dataset-tables.ts";
import type { Client } from "./client.ts";

/** A key's last use is stored after the response, so it may change at any time. */
const isSettled = (column: string) => column !== "last_used_at";

/** All rows of an environment as one string, to compare before and after. */
export async function rowsOf({ environmentId, datasetId }: Client): Promise<string> {
  const tables = DATASET_TABLES.map(({ table }) => getTableName(table));
  const results = await env.DB.batch([
    ...[
      ...tables.map((table) => `SELECT * FROM ${table} WHERE dataset_id = ?`),
      "SELECT * FROM datasets WHERE id = ?",
    ].map((statement) => env.DB.prepare(statement).bind(datasetId)),
    ...[
      "SELECT * FROM api_keys WHERE environment_id = ?",
      "SELECT * FROM environments WHERE id = ?",
    ].map((statement) => env.DB.prepare(statement).bind(environmentId)),
  ]);
  return JSON.stringify(
    results.map((each) => each.results),
    (name, value: unknown) => (isSettled(name) ? value : undefined),
  );
}
