import { exec } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientOf, type Client } from "./client.ts";
import { Prism } from "./prism.ts";
import { freePort, Server } from "./server.ts";

let folder: string;
let server: Server;
let prism: Prism;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-"));
  server = await new Server(await freePort(), folder).ready();
  prism = await new Prism(await freePort(), server.url).ready();
});
afterAll(async () => {
  await prism.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

it("prints the URL, a key, and a command that works when pasted", async () => {
  expect(server.output).toContain(`URL        ${server.url}`);
  expect(server.output).toContain("Key        test_sandbox_a");
  const command = /Try it:\s+(curl .+)$/m.exec(server.output)?.[1] ?? "false";
  const { stdout } = await promisify(exec)(`${command} --silent`);
  expect(JSON.parse(stdout)).toMatchObject({ has_more: false });
});

it("serves the whole flow to a client generated from its OpenAPI document", async () => {
  await wholeFlow(clientOf(server.url));
});

it("serves the whole flow through Prism without a violation of the document", async () => {
  const client = clientOf(prism.url);
  client.use({
    onResponse({ response }) {
      expect(response.headers.get("sl-violations")).toBeNull();
    },
  });
  await wholeFlow(client);
  expect(prism.output).not.toContain("violation");
  // Proves that Prism validates: it rejects this request itself.
  const refused = await fetch(`${prism.url}/v2/orders?limit=many`, {
    headers: { Authorization: "Bearer test_sandbox_a" },
  });
  expect(await refused.json()).toMatchObject({ validation: [{ location: ["query", "limit"] }] });
});

it("keeps all data when restarted on the same folder", async () => {
  const client = clientOf(server.url);
  await wholeFlow(client, { keep: true });
  const { data: rotated } = await client.POST("/v2/keys");
  await clientOf(server.url, rotated!.key).DELETE("/v2/keys");
  const before = await everything(client);
  expect(before.events?.data).toHaveLength(2);

  await server.stop();
  server = await new Server(await freePort(), folder).ready();

  const restarted = clientOf(server.url);
  expect(await everything(restarted)).toEqual(before);
  expect((await restarted.POST("/v2/order_events", { body: beyond })).response.status).toBe(409);
  const { response } = await clientOf(server.url, rotated!.key).GET("/v2/orders");
  expect(response.status).toBe(401);
  await clear(restarted);
});

const order = {
  id: "order-1",
  payment_method_id: "pm-1",
  partner_order_id: "po-1",
  total_order_amount: 900,
  order_lines: [{ name: "Oak table", quantity: 3, rate: 300, rewards_rate: 3 }],
};
const capture = {
  order_event_id: "event-1",
  order_id: "order-1",
  type: "CAPTURED" as const,
  amount: 900,
  network_transaction_id: "nt-1",
};
const refund = { ...capture, order_event_id: "event-2", type: "REFUNDED" as const, amount: 300 };
const beyond = { ...refund, order_event_id: "event-3", amount: 601 };

/** Uses every operation of a partner. With `keep`, the order and its two events remain. */
async function wholeFlow(client: Client, { keep = false } = {}) {
  const created = await client.POST("/v2/orders", { body: order });
  expect(created.data).toMatchObject({ ...order, total_rewards_amount: 9, currency: "USD" });
  const etag = created.response.headers.get("ETag")!;

  const body = { ...order, merchant_name: "Oak & Co" };
  const path = { order_id: "order-1" };
  const replace = () =>
    client.PUT("/v2/orders/{order_id}", { params: { path }, headers: { "If-Match": etag }, body });
  expect((await replace()).data).toMatchObject(body);
  expect((await replace()).error?.error.type).toBe("PRECONDITION_FAILED_ERROR");

  const headers = { "Idempotency-Key": crypto.randomUUID() };
  const events = "/v2/order_events";
  for (const replayed of [null, "true"]) {
    const captured = await client.POST(events, { headers, body: capture });
    expect(captured.data).toMatchObject(capture);
    expect(captured.response.headers.get("Idempotent-Replayed")).toBe(replayed);
  }
  expect((await client.POST(events, { body: refund })).data?.amount).toBe(300);
  const refused = await client.POST(events, { body: beyond });
  expect(refused.error?.error).toMatchObject({
    type: "CONFLICT_ERROR",
    param: "amount",
    details: { captured: 900, refunded: 300, refundable: 600, requested: 601 },
  });

  const { data: page } = await client.GET(events, { params: { query: { limit: 1 } } });
  expect(page).toMatchObject({ data: [{ order_event_id: "event-2" }], has_more: true, total: 2 });
  const query = { starting_after: "event-2" };
  const { data: next } = await client.GET(events, { params: { query } });
  expect(next?.data.map((each) => each.order_event_id)).toEqual(["event-1"]);
  const { data: found } = await client.GET("/v2/orders", { params: { query: { id: "order-1" } } });
  expect(found?.data[0]?.merchant_name).toBe("Oak & Co");

  const inUse = await client.DELETE("/v2/orders/{order_id}", { params: { path } });
  expect(inUse.error?.error.type).toBe("CONFLICT_ERROR");
  if (!keep) await clear(client);
}

async function clear(client: Client) {
  for (const order_event_id of ["event-2", "event-1"]) {
    const params = { path: { order_event_id } };
    const { response } = await client.DELETE("/v2/order_events/{order_event_id}", { params });
    expect(response.status).toBe(204);
  }
  const params = { path: { order_id: "order-1" } };
  expect((await client.DELETE("/v2/orders/{order_id}", { params })).response.status).toBe(204);
}

async function everything(client: Client) {
  return {
    orders: (await client.GET("/v2/orders")).data,
    events: (await client.GET("/v2/order_events")).data,
  };
}

it("reports a port that is in use", async () => {
  const taken = createServer().listen(await freePort(), "localhost");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const second = new Server(port, folder);
  expect(await second.exited()).toBe(1);
  expect(second.output).toContain(`Port ${port} is in use:`);
  expect(second.output).not.toMatch(/^\s+at /m);
  taken.close();
});
