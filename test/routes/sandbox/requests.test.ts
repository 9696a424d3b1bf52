import {
  createExecutionContext,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../../../src/app.ts";
import { generateApiKey } from "../../../src/access/secrets.ts";
import {
  MAX_RECORDED_BODY_BYTES,
  MAX_RECORDED_BYTES,
  MAX_RECORDED_REQUESTS,
  type NewRequest,
} from "../../../src/domain/requests.ts";
import { MAX_STREAMS } from "../../../src/workbench/streams.ts";
import {
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  type Client,
} from "../../support/client.ts";
import { openStream } from "../../support/event-stream.ts";
import { setVariables } from "../../support/variables.ts";

const PATH = "/sandbox/requests";
const STREAM = `${PATH}/stream`;
const SOON = { timeout: 5_000, interval: 20 };

let partner: Client;
beforeEach(async () => {
  partner = await newPartner();
});

const workbench = (client = partner) => env.WORKBENCH.getByName(String(client.environmentId));
/** The dataset of a client's environment, as its key says it. */
const datasetOf = ({ environmentId, datasetId }: Client, dataset_id = datasetId) => ({
  environment_id: environmentId,
  dataset_id,
});

/** The list, once it has so many. */
async function listed(count: number, query = "", client = partner) {
  const list = async () => (await client.get(`${PATH}?limit=100&${query}`)).body;
  await expect.poll(async () => (await list()).total, SOON).toBe(count);
  return (await list()).data;
}

/** All of the newest request. */
async function newest(client = partner) {
  const [{ id }] = (await client.get(PATH)).body.data;
  return expectStatus(await client.get(`${PATH}/${id}`), 200).body;
}

/** Sends an order on which a fault acts. The client may get no answer. */
const sendWithFault = (fault: string) =>
  partner
    .post("/v2/orders", orderBody({ id: "o-1" }), { "Sandbox-Fault": fault })
    .catch(() => undefined);

describe("the list", () => {
  it("has what came and how it was answered, newest first", async () => {
    const order = orderBody({ id: "o-1" });
    const created = await partner.post("/v2/orders", order);
    await partner.post("/v2/order_events", eventBody({ order_id: "o-1", partner_event_id: "pe" }));
    await partner.post("/v2/order_events?x=1", eventBody({ order_id: "o-2" }));
    await partner.get("/v2/orders?partner_order_id=po-7");
    const [read, refused, captured, made] = await listed(4);
    expect(made).toEqual({
      id: expect.stringMatching(/^\d{16}$/),
      request_id: created.headers.get("X-Request-Id"),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      method: "POST",
      path: "/v2/orders",
      status: 200,
      ms: expect.any(Number),
      order_id: "o-1",
      partner_order_id: "po-1",
    });
    expect(captured).toMatchObject({ order_id: "o-1", partner_event_id: "pe", status: 200 });
    expect(refused).toMatchObject({
      path: "/v2/order_events",
      order_id: "o-2",
      status: 404,
      error: { type: "ORDER_NOT_FOUND_ERROR", message: expect.any(String) },
    });
    expect(refused.error.details).toBeUndefined();
    expect(read).toMatchObject({ method: "GET", partner_order_id: "po-7" });
    expect(read.order_id).toBeUndefined();
  });

  it("knows the order that the answer alone names", async () => {
    const id = await partner.createOrder();
    expect(await listed(1)).toMatchObject([{ order_id: id }]);
  });

  it("has what was refused before a route, and nothing of who has no key", async () => {
    await partner.put("/v2/orders", {});
    await partner.post("/v2/orders", "a=b", { "Content-Type": "text/plain" });
    await partner.get("/v2/nothing");
    await partner.send("GET", "/v2/orders", undefined, { Authorization: "Bearer test_unknown" });
    const statuses = (await listed(3)).map((each: NewRequest) => each.status);
    expect(statuses).toEqual([404, 415, 405]);
    const exhausted = { limit: async () => ({ success: false }) };
    setVariables({ RATE_LIMITS: "on", PARTNER_RATE_LIMIT: exhausted });
    expectStatus(await partner.get("/v2/orders"), 429);
    await expect
      .poll(
        () => workbench().listRequests(datasetOf(partner), { status: "429" }, { limit: 1 }),
        SOON,
      )
      .toMatchObject({ result: { data: [{ status: 429, error: { type: "RATE_LIMIT_ERROR" } }] } });
  });

  it.each([
    ["method=delete", 1],
    ["path=/v2/orders", 2],
    ["path=/v2/orders*", 4],
    ["path=/v2/*", 5],
    ["status=404", 1],
    ["status=4xx", 2],
    ["status=2xx&method=POST", 2],
    ["order_id=o-1", 4],
    ["order_id=o-1&status=2xx&path=/v2/order_events", 1],
    ["partner_order_id=po-1", 2],
    ["partner_event_id=pe-1", 1],
    ["request_id=chosen", 1],
    ["since=2025-01-01T00:00:00Z", 5],
    ["since=2225-01-01T00:00:00.5Z", 0],
  ])("is filtered by %s", async (query, count) => {
    await partner.post("/v2/orders", orderBody({ id: "o-1" }));
    const event = eventBody({ order_id: "o-1", partner_event_id: "pe-1" });
    await partner.post("/v2/order_events", event, { "X-Request-Id": "chosen" });
    await partner.get("/v2/orders?id=o-1");
    await partner.put("/v2/orders/o-1", orderBody({ payment_method_id: "" }));
    await partner.delete("/v2/orders/o-2");
    await listed(5);
    expect(await listed(count, query)).toHaveLength(count);
  });

  it.each(["path=v2", "path=*", "status=5", "status=600", "method=*", "since=today", "limit=0"])(
    "refuses %s",
    async (query) => {
      const [param] = query.split("=");
      expect(refusalOf(await partner.get(`${PATH}?${query}`))).toMatchObject({
        status: 400,
        param,
      });
    },
  );

  it("has pages, and refuses a cursor that is none of its requests", async () => {
    for (let each = 0; each < 5; each += 1) await partner.get(`/v2/orders?id=o-${each}`);
    await listed(5);
    const first = (await partner.get(`${PATH}?limit=2`)).body;
    expect(first).toMatchObject({ has_more: true, total: 5 });
    const after = `starting_after=${first.data[1].id}`;
    const second = (await partner.get(`${PATH}?limit=3&${after}`)).body;
    expect(second).toMatchObject({ has_more: false, total: 5 });
    expect([...first.data, ...second.data].map(({ order_id }) => order_id)).toEqual([
      "o-4",
      "o-3",
      "o-2",
      "o-1",
      "o-0",
    ]);
    const unknown = await partner.get(`${PATH}?starting_after=1`);
    expect(refusalOf(unknown)).toMatchObject({ status: 400, param: "starting_after" });
  });

  it("is the environment's own", async () => {
    await partner.get("/v2/orders");
    const [{ id }] = await listed(1);
    const other = await newPartner();
    expect((await other.get(PATH)).body.total).toBe(0);
    expectStatus(await other.get(`${PATH}/${id}`), 404);
  });
});

describe("a request", () => {
  it("has both sides, its cost, its versions and a command", async () => {
    await partner.post("/v2/orders", orderBody({ id: "o-1", merchant_name: "Bäcker's" }));
    await listed(1);
    const made = await newest();
    expect(JSON.parse(made.request.body)).toMatchObject({ merchant_name: "Bäcker's" });
    expect(JSON.parse(made.response.body)).toMatchObject({ id: "o-1" });
    expect(made.response.headers).toMatchObject({
      etag: '"1"',
      "server-timing": expect.stringMatching(/^d1/),
    });
    expect(made.cost).toMatchObject({ rows_written: expect.any(Number) });
    expect(made.curl).toMatch(/^curl .*'\\''s.*/);
    await partner.get("/v2/orders?limit=1&id=o-1");
    await listed(2);
    const read = await newest();
    expect(read).toMatchObject({ query: "limit=1&id=o-1", path: "/v2/orders", request: {} });
    expect(read.request.body).toBeUndefined();
  });

  it("shows what a fault has altered, and what it would have been", async () => {
    await sendWithFault("lost_response");
    await listed(1);
    const lost = await newest();
    expect(lost).toMatchObject({
      status: null,
      fault: { fault: "lost_response" },
      order_id: "o-1",
    });
    expect(lost.response).toBeUndefined();
    expect(lost.unaltered_response).toMatchObject({
      status: 200,
      body: expect.stringMatching(/"id":"o-1"/),
    });
    await sendWithFault("cut_response");
    await listed(2);
    expect(await newest()).toMatchObject({
      status: 200,
      response: { cut: true },
      unaltered_response: { status: 200 },
    });
    await sendWithFault("gateway_timeout");
    await listed(3);
    const late = await newest();
    expect(late).toMatchObject({
      status: 504,
      response: { body: expect.stringMatching(/<html>/) },
    });
    await sendWithFault("unavailable");
    await listed(4);
    expect(await newest()).toMatchObject({
      status: 503,
      fault: { fault: "unavailable" },
      error: { type: "SERVICE_UNAVAILABLE_ERROR" },
      request: { body: expect.stringMatching(/"o-1"/) },
    });
  });

  it("is cut between two characters, and has then no command", async () => {
    const name = "€".repeat(900);
    const lines = Array.from({ length: 20 }, () => ({
      name,
      quantity: 1,
      rate: 1,
      rewards_rate: 0,
    }));
    const order = orderBody({ id: "large", total_order_amount: 20, order_lines: lines });
    expectStatus(await partner.post("/v2/orders", order), 200);
    await listed(1);
    const large = await newest();
    expect(large).toMatchObject({
      order_id: "large",
      request: { cut: true },
      response: { cut: true },
    });
    expect(large.curl).toBeUndefined();
    for (const { body } of [large.request, large.response]) {
      const bytes = new TextEncoder().encode(body).length;
      expect(bytes).toBeGreaterThan(MAX_RECORDED_BODY_BYTES - 3);
      expect(bytes).toBeLessThanOrEqual(MAX_RECORDED_BODY_BYTES);
      expect(body).not.toContain("\ufffd");
    }
    await partner.post("/v2/orders", " ".repeat(300_000));
    await listed(2);
    const refused = await newest();
    expect(refused).toMatchObject({ status: 413, request: { cut: true } });
    expect(refused.request.body).toBeUndefined();
  });

  it("has no key in it, and no address", async () => {
    const { body } = await partner.post("/v2/keys");
    const unsigned = await generateApiKey([]);
    for (const key of [partner.key, body.key, unsigned, "test_sandbox_a"]) {
      const order = orderBody({ id: key, merchant_name: `a ${key}, b` });
      await partner.post(`/v2/orders?key=${key}`, order, {
        Cookie: `key=${key}`,
        "X-Key": key,
        "CF-Connecting-IP": "192.0.2.1",
        "X-Forwarded-For": "192.0.2.1",
        "X-Real-IP": "192.0.2.1",
        Forwarded: "for=192.0.2.1",
      });
      await partner.delete(`/v2/orders/${key}`);
    }
    await listed(9);
    const stored = await runInDurableObject(workbench(), (_, { storage }) =>
      JSON.stringify(storage.sql.exec("SELECT * FROM requests").toArray()),
    );
    expect(stored).toContain("merchant_name");
    for (const key of [partner.key, body.key, unsigned, "test_sandbox_a"]) {
      expect(stored).not.toContain(key);
    }
    for (const secret of ["192.0.2.1", "authorization", "cookie"]) {
      expect(stored.toLowerCase()).not.toContain(secret);
    }
    expect(stored).toContain("test_***");
    // What only begins like a key is none.
    const id = await partner.createOrder({ id: `test_${crypto.randomUUID()}` });
    expect(await listed(1, `order_id=${id}`)).toHaveLength(1);
  });
});

describe("recording", () => {
  it("neither delays nor fails a request, and logs no body", async () => {
    const logged = [vi.spyOn(console, "log"), vi.spyOn(console, "error")];
    const failures = [
      () => Promise.reject(new Error("not reached")),
      () => new Promise<never>(() => undefined),
    ];
    for (const record of failures) {
      const context = createExecutionContext();
      const WORKBENCH = { getByName: () => ({ record }) } as unknown as typeof env.WORKBENCH;
      const request = new Request("https://sandbox.test/v2/orders", {
        method: "POST",
        headers: { Authorization: `Bearer ${partner.key}`, "Content-Type": "application/json" },
        body: JSON.stringify(orderBody({ merchant_name: "secret-name" })),
      });
      const answer = await app.fetch(request, { ...env, WORKBENCH }, context);
      expect(answer.status).toBe(200);
      if (record === failures[0]) await waitOnExecutionContext(context);
    }
    const lines = JSON.stringify(logged.map((each) => each.mock.calls));
    expect(lines).toContain("requests not recorded");
    expect(lines).not.toContain("secret-name");
  });

  it("sends what gathers in one call", async () => {
    await Promise.all(Array.from({ length: 50 }, () => partner.get("/v2/orders")));
    await listed(50);
    const sequences = (await listed(50)).map(({ id }: { id: string }) => Number(id));
    // Numbers of one millisecond follow each other: calls are those that don't.
    const calls = sequences.filter((id: number, index: number) => sequences[index + 1] !== id - 1);
    expect(calls.length).toBeLessThan(10);
  });
});

const item = (fields: Partial<NewRequest> = {}): NewRequest => ({
  request_id: "r",
  at: new Date().toISOString(),
  method: "GET",
  path: "/v2/orders",
  status: 200,
  ms: 1,
  order_id: null,
  partner_order_id: null,
  partner_event_id: null,
  version_before: null,
  version_after: null,
  error: null,
  fault: null,
  warnings: null,
  details: "{}",
  ...fields,
});

const total = async () => (await partner.get(PATH)).body.total;
const many = (count: number, fields = {}) => Array.from({ length: count }, () => item(fields));
const tables = () =>
  runInDurableObject(workbench(), async (_, { storage }) => ({
    names: storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'requests'").toArray(),
    alarm: await storage.getAlarm(),
  }));
const days = (count: number) => new Date(Date.now() - count * 86_400_000).toISOString();

describe("the workbench", () => {
  it(`keeps the last ${MAX_RECORDED_REQUESTS} requests`, async () => {
    const dataset = datasetOf(partner);
    await workbench().record(dataset, [item({ request_id: "first" })]);
    for (let part = 0; part < 10; part += 1) await workbench().record(dataset, many(1_000));
    expect(await total()).toBe(MAX_RECORDED_REQUESTS);
    expect(await listed(0, "request_id=first")).toEqual([]);
    await evictDurableObject(workbench());
    await workbench().record(dataset, many(5));
    expect(await total()).toBe(MAX_RECORDED_REQUESTS);
  });

  it(`keeps at most ${MAX_RECORDED_BYTES} bytes`, async () => {
    const details = JSON.stringify({ body: "x".repeat(1_000_000) });
    for (let part = 0; part < 70; part += 5) {
      await workbench().record(datasetOf(partner), many(5, { details }));
      if (part === 35) await evictDurableObject(workbench());
    }
    expect(await total()).toBe(63);
  });

  it("deletes what is too old, and then itself", async () => {
    await workbench().record(datasetOf(partner), [item({ at: days(8) }), item({ at: days(6) })]);
    expect(await runDurableObjectAlarm(workbench())).toBe(true);
    expect(await total()).toBe(1);
    const { alarm } = await tables();
    expect(alarm! - Date.now()).toBeGreaterThan(23 * 3_600_000);
    expect(alarm! - Date.now()).toBeLessThan(25 * 3_600_000);
    await runInDurableObject(workbench(), (_, { storage }) => {
      storage.sql.exec("UPDATE requests SET at = 0");
    });
    await runDurableObjectAlarm(workbench());
    expect(await tables()).toEqual({ names: [], alarm: null });
  });

  it("is not brought back by what comes late, or not for good", async () => {
    await workbench().record(datasetOf(partner), [item()]);
    await workbench().destroy();
    expect(await tables()).toEqual({ names: [], alarm: null });
    await workbench().record(datasetOf(partner), [item()]);
    expect(await tables()).toEqual({ names: [], alarm: null });
    await evictDurableObject(workbench());
    await workbench().record(datasetOf(partner), [item({ at: new Date(0).toISOString() })]);
    expect((await tables()).alarm).not.toBeNull();
    await runDurableObjectAlarm(workbench());
    expect(await tables()).toEqual({ names: [], alarm: null });
  });

  it("has the requests of one dataset", async () => {
    const dataset_id = partner.datasetId;
    await workbench().record(datasetOf(partner), [item()]);
    await workbench().reset(dataset_id + 1);
    await workbench().record(datasetOf(partner), [item()]);
    const list = (dataset: number) =>
      workbench().listRequests(datasetOf(partner, dataset), {}, { limit: 10 });
    expect(await list(dataset_id)).toEqual({ result: "superseded" });
    expect(await list(dataset_id + 1)).toMatchObject({ result: { total: 0 } });
    await workbench().record(datasetOf(partner, dataset_id + 2), [item()]);
    expect(await list(dataset_id + 2)).toMatchObject({ result: { total: 1 } });
  });

  it("finds what was written to an order, oldest first, with the versions", async () => {
    const versions = { version_before: 1, version_after: 2 };
    const ofOrder = { order_id: "o-1", method: "POST", ...versions };
    const read = item({ ...ofOrder, method: "GET" });
    const items = [item(ofOrder), item(), read, item({ ...ofOrder, status: null })];
    await workbench().record(datasetOf(partner), items);
    expect(await workbench().listOrderRequests(datasetOf(partner), "o-1")).toMatchObject({
      result: [
        { status: 200, version_before: 1, version_after: 2 },
        { status: null, version_before: 1, version_after: 2 },
      ],
    });
  });
});

describe("the stream", () => {
  it("has what happens, from now on, within a second", async () => {
    await partner.get("/v2/orders?id=before");
    await listed(1);
    const watching = await openStream(partner, STREAM);
    expect(watching.response.headers.get("Content-Type")).toBe("text/event-stream");
    const answer = await partner.get("/v2/orders?id=o-1");
    const answered = Date.now();
    const [seen] = await watching.take(1);
    expect(Date.now() - answered).toBeLessThan(1_000);
    expect(seen).toMatchObject({ order_id: "o-1", request_id: answer.headers.get("X-Request-Id") });
    expect(await listed(1, "order_id=o-1")).toEqual([seen]);
    await watching.cancel();
  });

  it("goes on after the event that it is resumed by", async () => {
    for (let each = 0; each < 250; each += 50) {
      await Promise.all(Array.from({ length: 50 }, () => partner.get("/v2/orders")));
    }
    const ids = (await listed(250)).map(({ id }: { id: string }) => id);
    const oldest = (await partner.get(`${PATH}?limit=100&starting_after=${ids[99]}`)).body.data;
    const last = { "Last-Event-ID": oldest[99].id };
    const watching = await openStream(partner, STREAM, last);
    const replayed = (await watching.take(199)).map(({ id }) => id);
    expect(replayed.slice(-100)).toEqual(ids.toReversed());
    expect(replayed[0]).toBe(oldest[98].id);
    await partner.get("/v2/orders?id=next");
    expect(await watching.take(1)).toMatchObject([{ order_id: "next" }]);
    await watching.cancel();
  });

  it("is filtered", async () => {
    const watching = await openStream(partner, `${STREAM}?order_id=o-2&status=2xx`);
    for (const id of ["o-1", "o-2", "o-3"]) await partner.get(`/v2/orders?id=${id}`);
    expect(await watching.take(1)).toMatchObject([{ order_id: "o-2" }]);
    await watching.cancel();
  });

  it(`is watched by ${MAX_STREAMS} at a time`, async () => {
    const open = () => openStream(partner, STREAM);
    const watching = await Promise.all(Array.from({ length: MAX_STREAMS }, open));
    expectStatus(await partner.get(STREAM), 409);
    await watching[0]!.cancel();
    const next = await open();
    await Promise.all([...watching.slice(1), next].map((each) => each.cancel()));
  });

  it("ends when its key is revoked, and no other does", async () => {
    const { body } = await partner.post("/v2/keys");
    const other = Object.assign(await newPartner(), { key: body.key });
    const mine = await openStream(partner, `${STREAM}?order_id=still`);
    const revoked = await openStream(other, STREAM);
    expectStatus(await partner.delete("/sandbox/keys/2"), 204);
    await revoked.rest();
    await partner.get("/v2/orders?id=still");
    expect(await mine.take(1)).toMatchObject([{ order_id: "still" }]);
    await partner.post("/v2/keys");
    expectStatus(await partner.delete("/v2/keys"), 200);
    await mine.rest();
  });

  it("ends with a reset and with the environment", async () => {
    const first = await openStream(partner, STREAM);
    await partner.get("/v2/orders");
    await listed(1);
    expectStatus(await partner.post("/sandbox/reset"), 204);
    await first.rest();
    expect((await partner.get(PATH)).body.total).toBe(0);
    await partner.get("/v2/orders?id=after");
    expect(await listed(1)).toMatchObject([{ order_id: "after" }]);
    const other = await newPartner();
    const second = await openStream(other, STREAM);
    await workbench(other).destroy();
    await second.rest();
  });

  it("ends when the environment expires", async () => {
    const expires_at = new Date(Date.now() + 500).toISOString();
    const watcher = { key_id: 1, expires_at, filter: {} };
    const { result } = await workbench().watch(datasetOf(partner), watcher);
    const start = Date.now();
    await new Response(result as ReadableStream).text();
    expect(Date.now() - start).toBeGreaterThan(300);
    expect(Date.now() - start).toBeLessThan(5_000);
  });
});
