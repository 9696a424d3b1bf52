import { env } from "cloudflare:workers";
import { getTableName } from "drizzle-orm";
import { TABLES_OF_WORLD } from "../../src/store/worlds.ts";
import type { Client } from "./client.ts";

/** A key's last use is noted after the answer: nobody knows when. */
const isSettled = (column: string) => column !== "last_used_at";

/** All that D1 has of an environment, as one text: what nobody has changed is equal byte for byte. */
export async function rowsOf({ environmentId, worldId }: Client): Promise<string> {
  const tables = TABLES_OF_WORLD.map(getTableName);
  const results = await env.DB.batch([
    ...[
      ...tables.map((table) => `SELECT * FROM ${table} WHERE world_id = ?`),
      "SELECT * FROM worlds WHERE id = ?",
    ].map((statement) => env.DB.prepare(statement).bind(worldId)),
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
