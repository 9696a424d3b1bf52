import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { generateApiKey } from "../../../src/access/secrets.ts";
import {
  MAX_COUNTED_ORDERS,
  MAX_RECORDED_BODY_BYTES,
  type NewRequest,
} from "../../../src/domain/requests.ts";
import {
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  type Client,
} from "../../support/client.ts";
import {
  datasetOf,
  listed,
  newestRequest,
  REQUESTS as PATH,
  workbenchOf,
} from "../../support/recorded-requests.ts";
import { setVariables } from "../../support/variables.ts";

let partner: Client;
beforeEach(async () => {
  partner = await newPartner();
});

/** Sends an order that a fault applies to. The client may receive no response. */
const sendWithFault = (fault: string) =>
  partner
    .post("/v2/orders", orderBody({ id: "o-1" }), { "Sandbox-Fault": fault })
    .catch(() => undefined);

async function sendRaw(body: Uint8Array): Promise<void> {
  const headers = { Authorization: `Bearer ${partner.key}`, "Content-Type": "application/json" };
  const request = new Request("https://sandbox.test/v2/orders", { method: "POST", headers, body });
  await (await exports.default.fetch(request)).text();
}

describe("the list", () => {
  it("has the type and amount of an event, and marks a replay", async () => {
    await partner.post("/v2/orders", orderBody({ id: "o-1" }));
    const event = eventBody({ order_id: "o-1", order_event_id: "e-1", amount: 70 });
    for (let times = 1; times <= 2; times += 1) await partner.post("/v2/order_events", event);
    await partner.post("/v2/order_events", { ...event, order_event_id: "e-2", type: 7 });
    const [invalid, repeated, first] = await listed(partner, 4);
    const content = { event_type: "CAPTURED", amount: 70, currency: "USD" };
    expect(first.content).toEqual(content);
    expect(first).not.toHaveProperty("replayed");
    expect(repeated).toMatchObject({ content, replayed: true, order_event_id: "e-1" });
    expect(invalid).toMatchObject({ status: 400, content: { amount: 70 } });
  });

  it("has the status and amount of a simulated event on the card, and its bare error", async () => {
    const approval = { payment_method_id: "pm-1", status: "APPROVED", amount: 70 };
    const simulate = (event: object) => partner.post("/v2/simulate_transaction_event", event);
    const { body } = await simulate({ ...approval, network_transaction_id: "ntx-1" });
    const { transaction_id } = body;
    await simulate({ ...approval, transaction_id, status: "CAPTURED" });
    await simulate({ ...approval, transaction_id });
    const [refused, captured, approved] = await listed(partner, 3);
    expect(approved.content).toEqual({ card_status: "APPROVED", amount: 70 });
    // Only the first request named the card network's ID.
    expect(captured).toMatchObject({
      content: { card_status: "CAPTURED" },
      network_transaction_id: "ntx-1",
    });
    const error = { type: "CONFLICT_ERROR", param: "transaction_id" };
    expect(refused).toMatchObject({ status: 409, error });
  });

  it("has each request and its response's status, newest first", async () => {
    const order = orderBody({ id: "o-1" });
    const created = await partner.post("/v2/orders", order);
    await partner.post("/v2/order_events", eventBody({ order_id: "o-1", partner_event_id: "pe" }));
    await partner.post("/v2/order_events?x=1", eventBody({ order_id: "o-2" }));
    await partner.get("/v2/orders?partner_order_id=po-7");
    const [read, refused, captured, made] = await listed(partner, 4);
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
      content: { amount: order.total_order_amount, currency: "USD" },
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

  it("takes the order's ID from the response if the request has none", async () => {
    const id = await partner.createOrder();
    expect(await listed(partner, 1)).toMatchObject([{ order_id: id }]);
  });

  it("has requests that are rejected before a route, and none without a valid key", async () => {
    await partner.put("/v2/orders", {});
    await partner.post("/v2/orders", "a=b", { "Content-Type": "text/plain" });
    await partner.get("/v2/nothing");
    await partner.send("GET", "/v2/orders", undefined, { Authorization: "Bearer test_unknown" });
    const statuses = (await listed(partner, 3)).map((each: NewRequest) => each.status);
    expect(statuses).toEqual([404, 415, 405]);
    const exhausted = { limit: async () => ({ success: false }) };
    setVariables({ RATE_LIMITS: "on", PARTNER_RATE_LIMIT: exhausted });
    expectStatus(await partner.get("/v2/orders"), 429);
    await expect
      .poll(() =>
        workbenchOf(partner).listRequests(datasetOf(partner), { status: "429" }, { limit: 1 }),
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
    ["order_event_id=e-1", 1],
    ["network_transaction_id=ntx-1", 1],
    ["order_id=o-*", 5],
    ["order_id=o", 0],
    ["partner_event_id=pe*&network_transaction_id=ntx*", 1],
    ["request_id=chos*", 1],
    ["request_id=chosen", 1],
    ["since=2025-01-01T00:00:00Z", 5],
    ["since=2225-01-01T00:00:00.5Z", 0],
  ])("is filtered by %s", async (query, count) => {
    await partner.post("/v2/orders", orderBody({ id: "o-1" }));
    const ids = { order_event_id: "e-1", network_transaction_id: "ntx-1" };
    const event = eventBody({ order_id: "o-1", partner_event_id: "pe-1", ...ids });
    await partner.post("/v2/order_events", event, { "X-Request-Id": "chosen" });
    await partner.get("/v2/orders?id=o-1");
    await partner.put("/v2/orders/o-1", orderBody({ payment_method_id: "" }));
    await partner.delete("/v2/orders/o-2");
    await listed(partner, 5);
    expect(await listed(partner, count, query)).toHaveLength(count);
  });

  it.each(["path=v2", "path=*", "status=5", "status=600", "method=*", "since=today", "limit=0"])(
    "rejects %s",
    async (query) => {
      const [param] = query.split("=");
      expect(refusalOf(await partner.get(`${PATH}?${query}`))).toMatchObject({
        status: 400,
        param,
      });
    },
  );

  it("has pages, and rejects an unknown cursor", async () => {
    for (let each = 0; each < 5; each += 1) await partner.get(`/v2/orders?id=o-${each}`);
    await listed(partner, 5);
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

  it("has only requests of its own environment", async () => {
    await partner.get("/v2/orders");
    const [{ id }] = await listed(partner, 1);
    const other = await newPartner();
    expect((await other.get(PATH)).body.total).toBe(0);
    expectStatus(await other.get(`${PATH}/${id}`), 404);
  });
});

describe("the summary", () => {
  it("counts all matching requests by status, method, error and warning", async () => {
    const misspelt = { reward_amount: 1, total_ordr: 2 };
    for (const id of ["o-1", "o-2"])
      await partner.post("/v2/orders", orderBody({ id, ...misspelt }));
    await partner.refund("o-1", 5);
    await partner.get("/v2/orders?limit=x");
    await sendWithFault("lost_response");
    await listed(partner, 5);
    const summary = expectStatus(await partner.get(`${PATH}/summary`), 200).body;
    expect(summary).toMatchObject({
      total: 5,
      by_method: [
        { method: "POST", count: 4 },
        { method: "GET", count: 1 },
      ],
      by_error: expect.arrayContaining([
        { type: "CONFLICT_ERROR", param: "amount", count: 1 },
        { type: "INVALID_REQUEST_ERROR", param: "limit", count: 1 },
      ]),
      by_warning: expect.arrayContaining([
        { code: "unknown_field", param: "reward_amount", count: 2, order_ids: ["o-2", "o-1"] },
        { code: "unknown_field", param: "total_ordr", count: 2, order_ids: ["o-2", "o-1"] },
      ]),
    });
    expect(summary.by_status).toEqual(
      expect.arrayContaining([
        { status: "2xx", count: 2 },
        { status: "4xx", count: 2 },
        { status: null, count: 1 },
      ]),
    );
    const ofOrder = await partner.get(`${PATH}/summary?order_id=o-1&status=4xx`);
    expect(expectStatus(ofOrder, 200).body).toEqual({
      total: 1,
      by_status: [{ status: "4xx", count: 1 }],
      by_method: [{ method: "POST", count: 1 }],
      by_error: [{ type: "CONFLICT_ERROR", param: "amount", count: 1 }],
      by_warning: [{ code: "not_repeatable", count: 1, order_ids: ["o-1"] }],
    });
  });

  it(`names the newest ${MAX_COUNTED_ORDERS} orders of each warning`, async () => {
    const ids = Array.from({ length: MAX_COUNTED_ORDERS + 1 }, (_, index) => `o-${index}`);
    for (const id of [...ids, ids[2]])
      await partner.put(`/v2/orders/${id}`, orderBody({ reward_amount: 1 }));
    await partner.get("/v2/orders?reward_amount=1");
    await listed(partner, ids.length + 2);
    const { by_warning } = expectStatus(await partner.get(`${PATH}/summary`), 200).body;
    const newest = [ids[2], ...ids.toReversed().filter((id) => id !== ids[2])];
    expect(by_warning).toEqual([
      {
        code: "unknown_field",
        param: "reward_amount",
        count: ids.length + 1,
        order_ids: newest.slice(0, MAX_COUNTED_ORDERS),
      },
      { code: "unknown_parameter", param: "reward_amount", count: 1, order_ids: [] },
    ]);
  });

  it("is empty for a new environment, and rejects an invalid filter", async () => {
    const { body } = expectStatus(await partner.get(`${PATH}/summary`), 200);
    expect(body).toEqual({ total: 0, by_status: [], by_method: [], by_error: [], by_warning: [] });
    expectStatus(await partner.get(`${PATH}/summary?status=5`), 400);
  });
});

describe("a request", () => {
  it("has both messages, the cost, the versions and a command", async () => {
    await partner.post("/v2/orders", orderBody({ id: "o-1", merchant_name: "Bäcker's" }));
    await listed(partner, 1);
    const made = await newestRequest(partner);
    expect(JSON.parse(made.request.body)).toMatchObject({ merchant_name: "Bäcker's" });
    expect(JSON.parse(made.response.body)).toMatchObject({ id: "o-1" });
    expect(made.response.headers).toMatchObject({
      etag: '"1"',
      "server-timing": expect.stringMatching(/^d1/),
    });
    expect(made.cost).toMatchObject({ rows_written: expect.any(Number) });
    expect(made.curl).toMatch(/^curl .*'\\''s.*/);
    await partner.get("/v2/orders?limit=1&id=o-1");
    await listed(partner, 2);
    const read = await newestRequest(partner);
    expect(read).toMatchObject({ query: "limit=1&id=o-1", path: "/v2/orders", request: {} });
    expect(read.request.body).toBeUndefined();
  });

  it("has the response before and after a fault replaced it", async () => {
    await sendWithFault("lost_response");
    await listed(partner, 1);
    const lost = await newestRequest(partner);
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
    await listed(partner, 2);
    expect(await newestRequest(partner)).toMatchObject({
      status: 200,
      response: { cut: true },
      unaltered_response: { status: 200 },
    });
    await sendWithFault("gateway_timeout");
    await listed(partner, 3);
    const late = await newestRequest(partner);
    expect(late).toMatchObject({
      status: 504,
      response: { body: expect.stringMatching(/<html>/) },
    });
    await sendWithFault("unavailable");
    await listed(partner, 4);
    expect(await newestRequest(partner)).toMatchObject({
      status: 503,
      fault: { fault: "unavailable" },
      error: { type: "SERVICE_UNAVAILABLE_ERROR" },
      request: { body: expect.stringMatching(/"o-1"/) },
    });
  });

  it("is truncated between two characters, and then has no command", async () => {
    const name = "€".repeat(900);
    const lines = Array.from({ length: 20 }, () => ({
      name,
      quantity: 1,
      rate: 1,
      rewards_rate: 0,
    }));
    const order = orderBody({ id: "large", total_order_amount: 20, order_lines: lines });
    expectStatus(await partner.post("/v2/orders", order), 200);
    await listed(partner, 1);
    const large = await newestRequest(partner);
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
    await listed(partner, 2);
    const refused = await newestRequest(partner);
    expect(refused).toMatchObject({ status: 413, request: { cut: true } });
    expect(refused.request.body).toBeUndefined();
  });

  it("has no command if the record differs from the request", async () => {
    const json = JSON.stringify(orderBody({ id: "o-1" }));
    const bytes = new TextEncoder().encode(json.replace("o-1", "o-\u00ff"));
    const invalid = bytes.map((byte) => (byte === 0xbf ? 0x28 : byte));
    await sendRaw(invalid);
    await listed(partner, 1);
    const { status, curl } = await newestRequest(partner);
    expect({ status, curl }).toEqual({ status: 400, curl: undefined });
    await partner.post("/v2/orders", orderBody({ id: "o-1", merchant_name: partner.key }));
    await listed(partner, 2);
    expect((await newestRequest(partner)).curl).toBeUndefined();
    // A byte order mark is stored.
    await sendRaw(new TextEncoder().encode(`\ufeff${json}`));
    await listed(partner, 3);
    const marked = await newestRequest(partner);
    expect(marked.order_id).toBe("o-1");
    expect(marked.curl).toContain(`'\ufeff{`);
  });

  it("contains no key and no address", async () => {
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
    await listed(partner, 9);
    const stored = await runInDurableObject(workbenchOf(partner), (_, { storage }) =>
      JSON.stringify(
        storage.sql.exec("SELECT * FROM requests JOIN request_details USING (sequence)").toArray(),
      ),
    );
    expect(stored).toContain("merchant_name");
    for (const key of [partner.key, body.key, unsigned, "test_sandbox_a"]) {
      expect(stored).not.toContain(key);
    }
    for (const secret of ["192.0.2.1", "authorization", "cookie"]) {
      expect(stored.toLowerCase()).not.toContain(secret);
    }
    expect(stored).toContain("test_***");
    // Text that only starts like a key is not masked.
    const id = await partner.createOrder({ id: `test_${crypto.randomUUID()}` });
    expect(await listed(partner, 1, `order_id=${id}`)).toHaveLength(1);
  });
});
