import type { components } from "../../src/generated/openapi.d.ts";
import { clientOf, type Client } from "./client.ts";

type Schemas = components["schemas"];

/** A client of a new environment of the sandbox at this URL. */
export async function newEnvironment(url: string): Promise<Client> {
  const { data } = await clientOf(url).POST("/sandbox/environments", { body: {} });
  return clientOf(url, data!.key);
}

/** Simulates an event. Throws if it is rejected. */
export async function simulate(client: Client, body: Schemas["TransactionEventInput"]) {
  const { data, error } = await client.POST("/v2/simulate_transaction_event", { body });
  if (!data) throw new Error(JSON.stringify(error));
  return data;
}

export async function transactionOf(client: Client, transaction_id: string) {
  const path = { transaction_id };
  return (await client.GET("/v2/transactions/{transaction_id}", { params: { path } })).data!;
}
