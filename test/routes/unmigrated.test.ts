import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import {
  expectStatus,
  newPartner,
  operator,
  type ApiResponse,
  type Client,
} from "../support/client.ts";
import { OPERATIONS, OPERATOR_OPERATIONS } from "../support/operations.ts";

let partner: Client;
beforeAll(async () => {
  partner = await newPartner();
  const tables = [
    "order_event_lines",
    "order_lines",
    "order_events",
    "order_changes",
    "orders",
    "api_keys",
  ];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DROP TABLE ${table}`)));
});

it.each(OPERATIONS)("%s %s returns the command to run", async (method, path) => {
  expectCommand(await partner.send(method, path));
});

it.each(OPERATOR_OPERATIONS)("%s %s returns the command to run", async (method, path) => {
  expectCommand(await operator.send(method, path, method === "POST" ? { name: "A" } : undefined));
});

function expectCommand(response: ApiResponse): void {
  expectStatus(response, 503);
  expect(response.body.error.type).toBe("SERVICE_UNAVAILABLE_ERROR");
  expect(response.body.error.message).toContain("npm start");
  expect(response.headers.get("Retry-After")).toBe("1");
}
