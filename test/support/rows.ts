import { env } from "cloudflare:workers";
import { getTableName } from "drizzle-orm";
import { DATASET_TABLES } from "../../src/store/closed-datasets.ts";
import type { Client } from "./client.ts";

/** A key's last use is noted after the answer: nobody knows when. */
const isSettled = (column: string) => column !== "last_used_at";

/** All that D1 has of an environment, as one text: what nobody has changed is equal byte for byte. */
export async function rowsOf({ environmentId, datasetId }: Client): Promise<string> {
  const tables = DATASET_TABLES.map(getTableName);
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
