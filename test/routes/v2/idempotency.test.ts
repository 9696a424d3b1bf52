import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import worker from "../../../src/index.ts";
import { SWEEP_STEP_RECORDS } from "../../../src/store/idempotency.ts";
import {
  costOf,
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  type ApiResponse,
  type Client,
} from "../../support/client.ts";

let a: Client;
let orderId: string;
beforeAll(async () => {
  a = await newPartner();
  orderId = await a.createOrder();
});

const withKey = (key: string) => ({ "Idempotency-Key": key });
const isReplay = (response: ApiResponse) => response.headers.has("Idempotent-Replayed");

/** The POSTs that honor an Idempotency-Key, each with a body to send twice. */
const POSTS: [path: string, body: () => Record<string, unknown>][] = [
  ["/v2/orders", () => orderBody()],
  ["/v2/order_events", () => eventBody({ order_id: orderId })],
];

/** Dates a record this many hours back. */
const age = (key: string, hours: number) =>
  env.DB.prepare("UPDATE idempotency_records SET created_at = ? WHERE dataset_id = ? AND key = ?")
    .bind(new Date(Date.now() - hours * 3_600_000).toJSON().slice(0, 19) + "Z", a.datasetId, key)
    .run();

describe.each(POSTS)("POST %s with an Idempotency-Key", (path, body) => {
  it("takes effect once, and returns the same bytes again", async () => {
    const headers = withKey(`once ${path}`.replace(" ", "-"));
    const first = expectStatus(await a.post(path, body(), headers), 200);
    expect(isReplay(first)).toBe(false);
    const second = expectStatus(await a.post(path, body(), headers), 200);
    expect(isReplay(second)).toBe(true);
    expect(second.text).toBe(first.text);
    expect(second.headers.get("ETag")).toBe(first.headers.get("ETag"));
    expect(costOf(second).rows_written).toBe(0);
  });

  it("takes effect once when sent many times concurrently", async () => {
    const headers = withKey(`burst${path}`);
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => a.post(path, body(), headers)),
    );
    expect(new Set(responses.map((each) => `${each.status} ${each.text}`)).size).toBe(1);
    expect(responses.filter((each) => !isReplay(each))).toHaveLength(1);
  });

  it("is scoped to the partner", async () => {
    const headers = withKey(`shared${path}`);
    const first = expectStatus(await a.post(path, body(), headers), 200);
    const other = await newPartner();
    const order_id = await other.createOrder();
    const sent = path === "/v2/order_events" ? eventBody({ order_id }) : body();
    const second = expectStatus(await other.post(path, sent, headers), 200);
    expect(isReplay(second)).toBe(false);
    expect(second.text).not.toBe(first.text);
  });

  it("expires after 24 hours", async () => {
    const key = `expiring${path}`;
    const first = expectStatus(await a.post(path, body(), withKey(key)), 200);
    await age(key, 23.9);
    expect(isReplay(await a.post(path, body(), withKey(key)))).toBe(true);
    await age(key, 24.1);
    const late = expectStatus(await a.post(path, body(), withKey(key)), 200);
    expect(isReplay(late)).toBe(false);
    expect(late.text).not.toBe(first.text);
  });

  it.each(["", "with space", "x".repeat(256), "\u00fc"])("rejects the key %s", async (key) => {
    const response = await a.post(path, body(), withKey(key));
    expect(refusalOf(response)).toMatchObject({ status: 400, param: "Idempotency-Key" });
  });
});

describe("an Idempotency-Key", () => {
  it("rejects another request with the same key: other content, operation or order", async () => {
    expectStatus(await a.capture(orderId, 5), 200);
    const headers = withKey("of-one-request");
    expectStatus(await a.post("/v2/order_events", eventBody({ order_id: orderId }), headers), 200);
    const elsewhere = await a.createOrder();
    for (const [path, body] of [
      ["/v2/order_events", eventBody({ order_id: orderId, amount: 101 })],
      ["/v2/order_events", eventBody({ order_id: elsewhere })],
      ["/v2/order_events", eventBody({ order_id: orderId, type: "REFUNDED", amount: 1_000_000 })],
      ["/v2/orders", orderBody()],
    ] as const) {
      const response = await a.post(path, body, headers);
      expect(refusalOf(response)).toEqual({
        status: 422,
        type: "IDEMPOTENCY_ERROR",
        param: "Idempotency-Key",
      });
    }
  });

  it("ignores differences in spelling", async () => {
    const headers = withKey("two-spellings");
    const one =
      '{"payment_method_id":"p","partner_order_id":"o","total_order_amount":1,"created_at":"2025-01-01T01:00:00+01:00"}';
    const two =
      '{ "created_at": "2025-01-01T00:00:00Z", "total_order_amount": 1.0, "partner_order_id": "o", "payment_method_id": "\\u0070" }';
    expectStatus(await a.post("/v2/orders", one, headers), 200);
    expect(isReplay(expectStatus(await a.post("/v2/orders", two, headers), 200))).toBe(true);
  });

  it("returns the first response, whatever happened since", async () => {
    const headers = withKey("before-the-change");
    const first = expectStatus(
      await a.post("/v2/orders", orderBody({ id: "changing" }), headers),
      200,
    );
    await a.put("/v2/orders/changing", orderBody({ total_order_amount: 1 }));
    const second = await a.post("/v2/orders", orderBody({ id: "changing" }), headers);
    expect([second.status, second.text]).toEqual([200, first.text]);
    await a.delete("/v2/orders/changing");
    // The order is gone, but its response is still stored.
    const third = await a.post("/v2/orders", orderBody({ id: "changing" }), headers);
    expect([third.status, third.text, isReplay(third)]).toEqual([200, first.text, true]);
    expect((await a.get("/v2/orders?id=changing")).body.total).toBe(0);
  });

  it("returns an event's first response after its order was deleted", async () => {
    const id = await a.createOrder();
    const headers = withKey("order-gone");
    const body = eventBody({ order_id: id });
    const first = expectStatus(await a.post("/v2/order_events", body, headers), 200);
    await a.delete(`/v2/order_events/${first.body.order_event_id}`);
    await a.delete(`/v2/orders/${id}`);
    const second = await a.post("/v2/order_events", body, headers);
    expect([second.status, second.text]).toEqual([200, first.text]);
  });

  it("can be used again after a rejected request", async () => {
    const id = await a.createOrder();
    const headers = withKey("refused-first");
    const refund = eventBody({ order_id: id, type: "REFUNDED", amount: 10 });
    expectStatus(await a.post("/v2/order_events", refund, headers), 409);
    expectStatus(await a.capture(id, 10), 200);
    expect(isReplay(expectStatus(await a.post("/v2/order_events", refund, headers), 200))).toBe(
      false,
    );
  });

  it("costs two written rows", async () => {
    const id = await a.createOrder();
    await a.capture(id, 1);
    const without = costOf(await a.capture(id, 1));
    const response = await a.post(
      "/v2/order_events",
      eventBody({ order_id: id }),
      withKey("costs"),
    );
    const { queries, rows_written } = costOf(response);
    expect({ queries, rows_written }).toEqual({
      queries: without.queries,
      rows_written: without.rows_written + 2,
    });
  });

  it("is stored for a request that repeats an ID, so that the key always returns the same response", async () => {
    const id = await a.createOrder({ id: "repeated-by-id" });
    const event = eventBody({ order_id: id, order_event_id: "repeated-by-id" });
    const stored = expectStatus(await a.post("/v2/order_events", event), 200);
    const headers = withKey("repeated-by-id");
    const once = expectStatus(await a.post("/v2/order_events", event, headers), 200);
    expect([isReplay(once), once.text]).toEqual([true, stored.text]);
    expectStatus(await a.delete("/v2/order_events/repeated-by-id"), 204);
    const again = expectStatus(await a.post("/v2/order_events", event, headers), 200);
    expect([isReplay(again), again.text]).toEqual([true, stored.text]);
    expect((await a.get(`/v2/order_events?order_id=${id}`)).body.total).toBe(0);

    const orderKey = withKey("order-repeated-by-id");
    const order = orderBody({ id: "repeated-by-id" });
    const repeated = expectStatus(await a.post("/v2/orders", order, orderKey), 200);
    expectStatus(await a.delete("/v2/orders/repeated-by-id"), 204);
    const third = expectStatus(await a.post("/v2/orders", order, orderKey), 200);
    expect([isReplay(third), third.text]).toEqual([true, repeated.text]);
    expect(third.headers.get("ETag")).toBe(repeated.headers.get("ETag"));
    expect((await a.get("/v2/orders?id=repeated-by-id")).body.total).toBe(0);
  });

  it("is ignored on operations that can't be repeated", async () => {
    const headers = withKey("new-key");
    const one = await a.post("/v2/keys", undefined, headers);
    const other = await a.post("/v2/keys", undefined, headers);
    expect(one.body.key).not.toBe(other.body.key);
    expect([isReplay(one), isReplay(other)]).toEqual([false, false]);
  });
});

describe("equal content", () => {
  it("is compared by meaning, not by spelling", async () => {
    const fields = { id: "meaning", created_at: "2025-01-01T00:00:00Z" };
    expectStatus(await a.post("/v2/orders", orderBody(fields)), 200);
    for (const spelling of [
      { ...fields, created_at: "2025-01-01T00:00:00+00:00" },
      { ...fields, created_at: "2025-01-01t02:00:00.000+02:00" },
      { ...fields, currency: "USD", total_rewards_amount: 0, merchant_id: null, order_lines: [] },
      { id: "meaning" },
    ]) {
      const body = orderBody(spelling);
      const reversed = Object.fromEntries(Object.entries(body).toReversed());
      for (const sent of [body, reversed]) {
        expect(isReplay(expectStatus(await a.post("/v2/orders", sent), 200))).toBe(true);
      }
    }
    expectStatus(await a.post("/v2/orders", orderBody({ ...fields, currency: "EUR" })), 409);
  });
});

const total = async (client: Client): Promise<number> =>
  (await client.get("/v2/order_events")).body.total;

describe("one hundred concurrent requests", () => {
  const HUNDRED = Array.from({ length: 100 });

  it("with one Idempotency-Key create one event and return equal responses", async () => {
    const client = await newPartner();
    const body = eventBody({ order_id: await client.createOrder() });
    const responses = await Promise.all(
      HUNDRED.map(() => client.post("/v2/order_events", body, withKey("hundred"))),
    );
    expect(new Set(responses.map((each) => `${each.status} ${each.text}`)).size).toBe(1);
    expectStatus(responses[0]!, 200);
    expect(await total(client)).toBe(1);
  });

  it("with one partner_event_id create one event and return equal responses", async () => {
    const client = await newPartner();
    const body = eventBody({ order_id: await client.createOrder(), partner_event_id: "hundred" });
    const responses = await Promise.all(HUNDRED.map(() => client.post("/v2/order_events", body)));
    expect(new Set(responses.map((each) => `${each.status} ${each.text}`)).size).toBe(1);
    expectStatus(responses[0]!, 200);
    expect(await total(client)).toBe(1);
  });

  it.each([
    ["partner_event_id", 409],
    ["Idempotency-Key", 422],
  ])(
    "with one %s across two orders: one order gets the event, the other an error",
    async (id, refused) => {
      const client = await newPartner();
      const orders = [await client.createOrder(), await client.createOrder()];
      const responses = await Promise.all(
        HUNDRED.map((_, index) => {
          const body = eventBody({ order_id: orders[index % 2] });
          return id === "partner_event_id"
            ? client.post("/v2/order_events", { ...body, partner_event_id: "two-orders" })
            : client.post("/v2/order_events", body, withKey("two-orders"));
        }),
      );
      const byOrder = [0, 1].map(
        (order) =>
          new Set(responses.filter((_, index) => index % 2 === order).map((each) => each.status)),
      );
      expect(byOrder.toSorted((x, y) => [...x][0]! - [...y][0]!)).toEqual([
        new Set([200]),
        new Set([refused]),
      ]);
      expect(
        new Set(responses.filter((each) => each.status === 200).map((each) => each.text)).size,
      ).toBe(1);
      expect(await total(client)).toBe(1);
    },
  );
});

describe("the sweep", () => {
  it("deletes only expired records, in bounded steps", async () => {
    const records = SWEEP_STEP_RECORDS + 20;
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO idempotency_records (dataset_id, key, fingerprint, body, created_at)
       SELECT ?, 'old-' || i, '', '{}', '2025-01-01T00:00:00Z' FROM n`,
    )
      .bind(records, a.datasetId)
      .run();
    expectStatus(await a.post("/v2/orders", orderBody(), withKey("young")), 200);
    await worker.scheduled(createScheduledController(), env);
    const left = await env.DB.prepare(
      "SELECT count(*) FILTER (WHERE key LIKE 'old-%') AS old, count(*) FILTER (WHERE key = 'young') AS young FROM idempotency_records",
    ).first();
    expect(left).toEqual({ old: 0, young: 1 });
  });
});
