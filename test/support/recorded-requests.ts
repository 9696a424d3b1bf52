import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { NewRequest } from "../../src/domain/requests.ts";
import { expectStatus, type Client } from "./client.ts";

export const REQUESTS = "/sandbox/requests";

export const workbenchOf = ({ environmentId }: Client) =>
  env.WORKBENCH.getByName(String(environmentId));

/** A dataset of a client's environment, by default the first one. */
export const datasetOf = ({ environmentId, datasetId }: Client, dataset_id = datasetId) => ({
  environment_id: environmentId,
  dataset_id,
});

/** Returns the list, once it has this many requests. */
export async function listed(client: Client, count: number, query = "") {
  const list = async () => (await client.get(`${REQUESTS}?limit=100&${query}`)).body;
  await expect.poll(async () => (await list()).total).toBe(count);
  return (await list()).data;
}

/** The newest request with its details. */
export async function newestRequest(client: Client) {
  const [{ id }] = (await client.get(REQUESTS)).body.data;
  return expectStatus(await client.get(`${REQUESTS}/${id}`), 200).body;
}

/** A request for `record`. */
export const newRequest = (fields: Partial<NewRequest> = {}): NewRequest => ({
  request_id: "r",
  at: new Date().toISOString(),
  method: "GET",
  path: "/v2/orders",
  status: 200,
  ms: 1,
  order_id: null,
  partner_order_id: null,
  order_event_id: null,
  partner_event_id: null,
  network_transaction_id: null,
  version_before: null,
  version_after: null,
  error: null,
  fault: null,
  warnings: null,
  content: null,
  replayed: null,
  trace: { key_id: 1 },
  details: "{}",
  ...fields,
});
