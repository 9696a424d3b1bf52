import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import {
  createSandbox,
  SandboxError,
  type Environment,
  type Sandbox,
} from "../../src/local/index.ts";
import { clientOf } from "./client.ts";

const MANY = 230;

let sandbox: Sandbox;
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());

const order = {
  id: "order-1",
  payment_method_id: "pm-1",
  partner_order_id: "po-1",
  total_order_amount: 5_000,
};
const event = {
  order_event_id: "event-1",
  order_id: "order-1",
  type: "CAPTURED" as const,
  amount: 5_000,
  network_transaction_id: "txn-1",
};

const create = ({ url, key }: Environment, body = order) =>
  clientOf(url, key).POST("/v2/orders", { body });
const capture = ({ url, key }: Environment, body = event) =>
  clientOf(url, key).POST("/v2/order_events", { body });

it("creates isolated environments, and deletes them", async () => {
  const other = await sandbox.environment();
  {
    await using strict = await sandbox.environment({ name: "a test", strict: true });
    expect(strict).toMatchObject({ name: "a test", strict: true, url: sandbox.url });
    await create(strict);
    expect((await strict.requests()).map(({ order_id }) => order_id)).toEqual(["order-1"]);
    expect(await other.requests()).toEqual([]);
    await other.delete();
    await expect(other.requests()).rejects.toThrow(SandboxError);
    // Deleting it again does nothing.
    await other.delete();
    await strict.reset();
    expect(await strict.requests()).toEqual([]);
  }
  await using full = await sandbox.environment({ fixture: "documentation" });
  await expect(full.timeline("none")).rejects.toMatchObject({
    name: "SandboxError",
    message: "There is no order none.",
    type: "ORDER_NOT_FOUND_ERROR",
    status: 404,
  });
});

it("loses a response, and shows that the request took effect once", async () => {
  await using environment = await sandbox.environment();
  await create(environment);
  const { faults } = environment;
  const added = await faults.add({ fault: "lost_response", match: { path: "/v2/order_events" } });
  expect(await faults.list()).toEqual([added]);
  await expect(capture(environment)).rejects.toThrow("fetch failed");
  expect(await faults.list()).toEqual([]);
  expect((await capture(environment)).response.status).toBe(200);

  const { figures, data } = await environment.timeline("order-1");
  expect(figures).toMatchObject({ captured: 5_000, refundable: 5_000 });
  expect(data.map(({ kind }) => kind)).toEqual(["created", "event_appended", "replayed"]);
  expect(data[1]?.fault).toMatchObject({ id: added.id });
});

it("removes one fault, or all", async () => {
  await using environment = await sandbox.environment();
  const { faults } = environment;
  const first = await faults.add({ fault: "error" });
  await faults.add({ fault: "unavailable", times: 2 });
  await faults.add({ fault: "rate_limited" });
  await faults.remove(first.id);
  expect((await faults.list()).map(({ fault }) => fault)).toEqual(["rate_limited", "unavailable"]);
  await faults.clear();
  expect((await create(environment)).response.status).toBe(200);
  await expect(faults.add({ fault: "error", delay_ms: 5 })).rejects.toThrow(
    "delay_ms: Expected none",
  );
});

it("returns all requests, a limited number, and one in full", async () => {
  await using environment = await sandbox.environment();
  const { url, key } = environment;
  const client = clientOf(url, key);
  for (let each = 0; each < MANY; each += 1) await client.GET("/v2/orders");
  await create(environment);
  const all = await environment.requests();
  expect(all).toHaveLength(MANY + 1);
  expect(await environment.requests({ method: "GET", limit: 150 })).toEqual(all.slice(1, 151));
  const sent = (await environment.requests({ order_id: "order-1" })).at(0);
  const { request, curl } = await environment.request(sent!.id);
  expect(JSON.parse(request.body!)).toEqual(order);
  expect(curl).toContain("$SANDBOX_KEY");
});

it("waits for a request, finds an earlier one, and reports the last one on a timeout", async () => {
  await using environment = await sandbox.environment();
  const waiting = environment.waitForRequest({ path: "/v2/order_events", status: "4xx" });
  await create(environment);
  await capture(environment, { ...event, order_id: "none" });
  expect(await waiting).toMatchObject({ error: { type: "ORDER_NOT_FOUND_ERROR" } });
  expect(await environment.waitForRequest({ order_id: "order-1" })).toMatchObject({ status: 200 });
  const since = new Date(Date.now() + 1).toISOString();
  const none = environment.waitForRequest({ order_id: "order-1", since }, { timeout: 100 });
  await expect(none).rejects.toThrow(
    /^No request matched \{"order_id":"order-1","since":.*\} within 100 ms\. The last request was POST \/v2\/order_events: 404\.$/,
  );
});

it("rejects unused faults, and names the requests that nearly matched", async () => {
  await using environment = await sandbox.environment();
  const { faults } = environment;
  await faults.assertUsed();
  const match = { method: "POST" as const, path: "/v2/order_events", order_id: "order-2" };
  await faults.add({ fault: "lost_response", times: 2, match });
  await expect(faults.assertUsed()).rejects.toThrow(
    "The fault lost_response was not used up: 2 of 2 times are left. It matches method POST, path /v2/order_events, order_id order-2. No request followed it.",
  );
  await create(environment);
  await capture(environment);
  const error = await faults.assertUsed().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SandboxError);
  expect(String(error)).toContain("Nearly matched: POST /v2/order_events (order_id was order-1).");
  await faults.clear();
  await faults.assertUsed();
});
