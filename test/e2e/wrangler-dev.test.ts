import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientOf } from "./client.ts";
import { Program } from "./program.ts";
import { freePort, Server } from "./server.ts";

/** The text that Wrangler prints when it is ready. */
const READY = "Ready on";

let folder: string;
/** Copies the project like a fresh clone: sources and installed packages, but no data. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-wrangler-"));
  const isLeftOut = /(^|\/)(node_modules|\.git|\.wrangler|\.build)$/;
  await cp(".", folder, { recursive: true, filter: (path) => !isLeftOut.test(path) });
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const order = {
  id: "order-1",
  payment_method_id: "pm-1",
  partner_order_id: "po-1",
  total_order_amount: 900,
};
const captured = (order_event_id: string) => ({
  order_event_id,
  order_id: "order-1",
  type: "CAPTURED" as const,
  amount: 100,
  network_transaction_id: "nt-1",
});

it("serves a fresh clone, and shares its data with npm start in both directions", async () => {
  const state = join(folder, ".wrangler/state");
  const options = { cwd: folder };

  const port = await freePort();
  const flags = ["dev", "--port", `${port}`, "--inspector-port", "0"];
  const dev = await new Program("wrangler", flags, READY, options).ready();
  let client = clientOf(`http://localhost:${port}`);
  expect((await client.POST("/v2/orders", { body: order })).response.status).toBe(200);
  await client.POST("/v2/order_events", { body: captured("event-1") });
  expect(await statusOf(port, "GET", { Host: "evil.example" })).toBe(421);
  expect(await statusOf(port, "POST", { Host: "evil.example" })).toBe(421);
  expect(await statusOf(port, "POST", { Origin: "https://evil.example" })).toBe(403);
  const refused = new Server(await freePort(), state);
  expect(await refused.exited()).toBe(1);
  expect(refused.output).toContain(`Another server uses the state folder ${state}`);
  await dev.stop();

  const server = await new Server(await freePort(), state).ready();
  client = clientOf(server.url);
  expect(await eventsOf(client)).toEqual(["event-1"]);
  await client.POST("/v2/order_events", { body: captured("event-2") });
  await server.stop();

  const again = await new Program("wrangler", flags, READY, options).ready();
  expect(await eventsOf(clientOf(`http://localhost:${port}`))).toEqual(["event-2", "event-1"]);
  await again.stop();
});

/** The status of a request that a page of another site causes, for example after DNS rebinding. */
async function statusOf(port: number, method: string, headers: Record<string, string>) {
  const all = { Authorization: "Bearer test_sandbox_a", ...headers };
  const sent = request(`http://127.0.0.1:${port}/v2/orders`, { method, headers: all }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

async function eventsOf(client: ReturnType<typeof clientOf>): Promise<(string | undefined)[]> {
  const { data } = await client.GET("/v2/order_events");
  return data!.data.map(({ order_event_id }) => order_event_id);
}
