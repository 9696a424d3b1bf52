import { exec } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort, request, Server } from "./server.ts";

let folder: string;
let server: Server;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-"));
  server = await new Server(await freePort(), folder).ready();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
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
  type: "CAPTURED",
  amount: 900,
  network_transaction_id: "nt-1",
};

it("ends its start-up with the URL, a key, and a command that works when it is pasted", async () => {
  expect(server.output).toContain(`URL  ${server.url}`);
  expect(server.output).toContain("Key  test_sandbox_a");
  const command = /Try it:\s+(curl .+)$/m.exec(server.output)?.[1] ?? "false";
  const { stdout } = await promisify(exec)(`${command} --silent`);
  expect(JSON.parse(stdout)).toMatchObject({ has_more: false });
});

it("serves the whole flow, and finds everything after a restart on the same folder", async () => {
  expect((await request(server, "POST", "/v2/orders", order)).status).toBe(200);
  const replaced = { ...order, merchant_name: "Oak & Co" };
  expect((await request(server, "PUT", "/v2/orders/order-1", replaced)).status).toBe(200);
  expect((await request(server, "POST", "/v2/order_events", capture)).status).toBe(200);
  const refund = { ...capture, order_event_id: "event-2", type: "REFUNDED", amount: 300 };
  expect((await request(server, "POST", "/v2/order_events", refund)).status).toBe(200);
  const beyond = { ...refund, order_event_id: "event-3", amount: 601 };
  expect((await request(server, "POST", "/v2/order_events", beyond)).status).toBe(409);
  const gone = { ...order, id: "order-2" };
  expect((await request(server, "POST", "/v2/orders", gone)).status).toBe(200);
  expect((await request(server, "DELETE", "/v2/orders/order-2")).status).toBe(204);
  const { body: rotated } = await request(server, "POST", "/v2/keys");
  expect((await request(server, "DELETE", "/v2/keys", undefined, rotated.key)).status).toBe(200);
  const before = await everything();
  expect(before.events.data).toHaveLength(2);

  await server.stop();
  server = await new Server(await freePort(), folder).ready();

  expect(await everything()).toEqual(before);
  expect((await request(server, "POST", "/v2/order_events", beyond)).status).toBe(409);
  expect((await request(server, "GET", "/v2/orders", undefined, rotated.key)).status).toBe(401);
  expect((await request(server, "DELETE", "/v2/order_events/event-2")).status).toBe(204);
  expect((await request(server, "DELETE", "/v2/order_events/event-1")).status).toBe(204);
  expect((await request(server, "DELETE", "/v2/orders/order-1")).status).toBe(204);
});

async function everything() {
  return {
    orders: (await request(server, "GET", "/v2/orders")).body,
    events: (await request(server, "GET", "/v2/order_events")).body,
  };
}

it("says in one sentence that a port is taken", async () => {
  const taken = createServer().listen(await freePort(), "localhost");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const second = new Server(port, folder);
  expect(await second.exited()).toBe(1);
  expect(second.output).toContain(`Port ${port} is taken.`);
  expect(second.output).not.toMatch(/^\s+at /m);
  taken.close();
});
