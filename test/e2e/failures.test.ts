import { globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { errorEnvelope } from "../../src/schemas/errors.ts";
import { expectDescribed } from "../support/document.ts";
import { freePort, Server } from "./server.ts";
import { canMountDisk, SmallDisk } from "./small-disk.ts";

const ADMIN_TOKEN = "operator-of-this-test-with-32-characters";

/** Slightly longer than /health may repeat its last result. */
const HEALTH_MILLISECONDS = 6_000;
/** A request that takes longer counts as hanging. */
const RESPONSE_MILLISECONDS = 5_000;

let folder: string;
let server: Server;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-failures-"));
  server = await startServer(await freePort(), folder);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const startServer = (on: number, persistTo: string) =>
  new Server(on, persistTo, "--var", `ADMIN_TOKEN:${ADMIN_TOKEN}`).ready();

interface Request {
  method: string;
  path: string;
  key?: string;
  body?: object;
}

async function send(baseUrl: string, request: Request) {
  const { method, path, key = "test_sandbox_a", body } = request;
  const url = baseUrl + path;
  const response = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(RESPONSE_MILLISECONDS),
  });
  const { status, headers } = response;
  const text = await response.text();
  expectDescribed(method, url, { status, headers, text });
  return { status, headers, text };
}

const orderOf = (id: string) => ({
  id,
  payment_method_id: "pm",
  partner_order_id: "po",
  total_order_amount: 1,
});
const eventOf = (order_event_id: string, order_id: string) => ({
  order_event_id,
  order_id,
  type: "CAPTURED",
  amount: 1,
  network_transaction_id: "nt",
});

/** One request for each path to the database. Those with `name` in an ID take effect once, even when repeated. */
function requestsOf(name: string): Request[] {
  return [
    { method: "GET", path: "/v2/orders" },
    // This key is not cached, so that it has to be read first.
    { method: "GET", path: "/v2/orders", key: "test_sandbox_b" },
    { method: "POST", path: "/v2/orders", body: orderOf(`order-${name}`) },
    // One order whose ledger is running, and one whose ledger isn't yet.
    { method: "POST", path: "/v2/order_events", body: eventOf(`warm-${name}`, "order-warm") },
    { method: "POST", path: "/v2/order_events", body: eventOf(`cold-${name}`, `before-${name}`) },
    { method: "PUT", path: "/v2/orders/order-warm", body: orderOf("order-warm") },
    { method: "POST", path: "/v2/keys" },
    { method: "GET", path: "/sandbox/keys" },
    { method: "GET", path: "/sandbox/partners", key: ADMIN_TOKEN },
    { method: "POST", path: "/sandbox/partners", key: ADMIN_TOKEN, body: { name } },
  ];
}

/** Creates what the requests of a name need, and starts one order's ledger. */
async function prepare(url: string, name: string): Promise<void> {
  for (const [path, body] of [
    ["/v2/orders", orderOf("order-warm")],
    ["/v2/orders", orderOf(`before-${name}`)],
    ["/v2/order_events", eventOf(`before-${name}`, "order-warm")],
  ] as const) {
    const { status, text } = await send(url, { method: "POST", path, body });
    expect(status, text).toBe(200);
  }
}

function healthBecomes(url: string, status: number): Promise<void> {
  const expectStatus = async () =>
    expect((await send(url, { method: "GET", path: "/health" })).status).toBe(status);
  return vi.waitFor(expectStatus, { timeout: HEALTH_MILLISECONDS, interval: 200 });
}

async function expectUnavailable(url: string, requests: Request[]): Promise<void> {
  for (const request of requests) {
    const { status, headers, text } = await send(url, request);
    expect(status, `${request.method} ${request.path}: ${text}`).toBe(503);
    expect(headers.get("Retry-After")).toBe("1");
    const { error } = errorEnvelope.strict().parse(JSON.parse(text));
    expect(error.type).toBe("SERVICE_UNAVAILABLE_ERROR");
    expect(text).not.toMatch(/SQLITE|D1_ERROR|internal error/);
  }
  await healthBecomes(url, 503);
}

async function expectWorking(url: string, requests: Request[]): Promise<void> {
  for (const request of requests) {
    const { status, text } = await send(url, request);
    expect(status, `${request.method} ${request.path}: ${text}`).toBe(200);
  }
  await healthBecomes(url, 200);
}

/** The number of stored orders and events. */
async function totals(url: string): Promise<{ orders: number; events: number }> {
  const totalOf = async (path: string) =>
    JSON.parse((await send(url, { method: "GET", path })).text).total;
  return { orders: await totalOf("/v2/orders"), events: await totalOf("/v2/order_events") };
}

/** Expects 503 from every request during the failure, and that the same requests take effect once after it. */
async function failAndRecover(
  url: string,
  name: string,
  failure: { begin: () => unknown; end: () => unknown },
): Promise<void> {
  await prepare(url, name);
  const before = await totals(url);
  await failure.begin();
  await expectUnavailable(url, requestsOf(name));
  await failure.end();
  await expectWorking(url, requestsOf(name));
  expect(await totals(url)).toEqual({ orders: before.orders + 1, events: before.events + 2 });
}

it("returns 503 while another process locks the database, and recovers", async ({
  onTestFinished,
}) => {
  const files = globSync(join(folder, "**/*D1DatabaseObject/*.sqlite"));
  const database = new DatabaseSync(files.find((each) => !each.endsWith("metadata.sqlite"))!);
  onTestFinished(() => database.close());
  await failAndRecover(server.url, "locked", {
    begin: () => database.exec("BEGIN EXCLUSIVE"),
    end: () => database.exec("ROLLBACK"),
  });
});

it(
  "returns 503 while the disk is full, and recovers",
  { skip: !canMountDisk },
  async ({ onTestFinished }) => {
    const disk = new SmallDisk();
    onTestFinished(() => disk.unmount());
    const other = await startServer(await freePort(), await disk.folder("state"));
    onTestFinished(() => other.stop());
    const begin = async () => {
      await disk.fill();
      // A write that was running may have left room in the database's log: reads, which write there, use it up.
      const read = async () =>
        (await send(other.url, { method: "GET", path: "/v2/orders" })).status;
      await expect.poll(read, { interval: 10 }).toBe(503);
    };
    await failAndRecover(other.url, "full", { begin, end: () => disk.free() });
  },
);
