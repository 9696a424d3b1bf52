import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { CHANGE_BYTES } from "../../src/domain/stored-bytes.ts";
import worker from "../../src/index.ts";
import {
  costOf,
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  type Client,
} from "../support/client.ts";
import { setVariables } from "../support/variables.ts";

/** The stored bytes that an environment counts. */
const storedBytes = async ({ datasetId }: Client) =>
  (await env.DB.prepare("SELECT stored_bytes FROM datasets WHERE id = ?")
    .bind(datasetId)
    .first<number>("stored_bytes"))!;

/** The number of requests that returned 200. */
const countSuccesses = async (requests: Promise<{ status: number }>[]) =>
  (await Promise.all(requests)).filter(({ status }) => status === 200).length;

/** The size of the database in bytes. */
const sizeOf = async () => (await env.DB.prepare("SELECT 1").all()).meta.size_after;

const longLine = { name: "y".repeat(1_000), quantity: 1, rate: 0, rewards_rate: 0 };

describe("a quota", () => {
  it("of orders rejects the next order, and nothing else", async () => {
    setVariables({ ORDER_QUOTA: "2" });
    const partner = await newPartner();
    const id = await partner.createOrder();
    await partner.createOrder({ id: "second" });
    const refused = await partner.post("/v2/orders", orderBody());
    expect(refusalOf(refused)).toEqual({
      status: 409,
      type: "QUOTA_EXCEEDED_ERROR",
      details: { quota: "orders", used: 2, limit: 2 },
    });
    expectStatus(await partner.post("/v2/orders", orderBody({ id: "second" })), 200);
    expectStatus(await partner.put(`/v2/orders/${id}`, orderBody({ merchant_name: "New" })), 200);
    expectStatus(await partner.capture(id, 1), 200);
    expect((await partner.get("/v2/orders")).body.total).toBe(2);
    expectStatus(await partner.delete("/v2/orders/second"), 204);
    expectStatus(await partner.post("/v2/orders", orderBody()), 200);
  });

  it("of events rejects the next event, with a warm ledger too, but not a repeated one", async () => {
    setVariables({ ORDER_EVENT_QUOTA: "2" });
    const partner = await newPartner();
    const id = await partner.createOrder();
    expectStatus(await partner.capture(id, 1, { order_event_id: "e-1" }), 200);
    expectStatus(await partner.capture(id, 1), 200);
    for (let index = 0; index < 2; index += 1) {
      expect(refusalOf(await partner.capture(id, 1))).toMatchObject({
        type: "QUOTA_EXCEEDED_ERROR",
        details: { quota: "order_events", used: 2, limit: 2 },
      });
    }
    const repeated = await partner.capture(id, 1, { order_event_id: "e-1" });
    expect(repeated.headers.get("Idempotent-Replayed")).toBe("true");
    expectStatus(await partner.delete("/v2/order_events/e-1"), 204);
    expectStatus(await partner.capture(id, 1), 200);
    expect((await partner.get("/v2/order_events")).body.total).toBe(2);
  });

  it("of transactions rejects the next one, but no event of an existing one", async () => {
    setVariables({ TRANSACTION_QUOTA: "2" });
    const partner = await newPartner();
    const path = "/v2/simulate_transaction_event";
    const card = { payment_method_id: "pm", amount: 100 };
    const approve = { ...card, status: "APPROVED", event_id: "approved" };
    const { transaction_id } = expectStatus(await partner.post(path, approve), 200).body;
    const story = { story: "captured", amount: 1 };
    expectStatus(await partner.post("/sandbox/transactions", story), 200);
    const details = { quota: "transactions", used: 2, limit: 2 };
    const refused = expectStatus(await partner.post(path, { ...approve, event_id: "new" }), 409);
    expect(refused.body).toMatchObject({ type: "QUOTA_EXCEEDED_ERROR", ...details });
    expect(refusalOf(await partner.post("/sandbox/transactions", story))).toMatchObject({
      type: "QUOTA_EXCEEDED_ERROR",
      details,
    });
    const repeated = expectStatus(await partner.post(path, approve), 200);
    expect(repeated.headers.get("Idempotent-Replayed")).toBe("true");
    expectStatus(await partner.post(path, { ...card, transaction_id, status: "CAPTURED" }), 200);
    expectStatus(await partner.post("/sandbox/reset"), 204);
    setVariables({ TRANSACTION_QUOTA: "3" });
    expectStatus(await partner.post("/sandbox/transactions", story), 200);
  });

  it("of bytes counts the events of a transaction", async () => {
    const partner = await newPartner();
    const path = "/v2/simulate_transaction_event";
    const capture = { payment_method_id: "pm", status: "CAPTURED", amount: 1 };
    const merchant = { name: "x".repeat(1_000) };
    const { transaction_id } = expectStatus(await partner.post(path, capture), 200).body;
    const before = await storedBytes(partner);
    const larger = { ...capture, transaction_id, merchant };
    expectStatus(await partner.post(path, larger), 200);
    const used = await storedBytes(partner);
    expect(used - before).toBeGreaterThan(1_000);
    setVariables({ BYTE_QUOTA: String(used + 1_000) });
    const refused = expectStatus(await partner.post(path, larger), 409);
    expect(refused.body).toMatchObject({ type: "QUOTA_EXCEEDED_ERROR", quota: "bytes", used });
  });

  it("of bytes counts stored content and stored responses, and rejects a larger order", async () => {
    setVariables({ BYTE_QUOTA: "300000" });
    const partner = await newPartner();
    const large = orderBody({
      id: "large",
      merchant_address: Array.from({ length: 90 }, () => ({ city: "x".repeat(900) })),
    });
    expectStatus(await partner.post("/v2/orders", large, { "Idempotency-Key": "large" }), 200);
    const used = await storedBytes(partner);
    expect(used).toBeGreaterThan(2 * JSON.stringify(large).length);
    const refusals = [
      await partner.post("/v2/orders", { ...large, id: "larger" }, { "Idempotency-Key": "larger" }),
      await partner.put("/v2/orders/large", {
        ...large,
        order_lines: Array.from({ length: 150 }, () => longLine),
        total_order_amount: 0,
      }),
    ];
    for (const refused of refusals) {
      expect(refusalOf(refused)).toEqual({
        status: 409,
        type: "QUOTA_EXCEEDED_ERROR",
        details: { quota: "bytes", used, limit: 300_000 },
      });
    }
    expectStatus(await partner.put("/v2/orders/large", orderBody()), 200);
    expectStatus(await partner.post("/v2/orders", { ...large, id: "second" }), 200);
  });

  it("accepts a repeated request even if its Idempotency-Key no longer fits", async () => {
    const partner = await newPartner();
    const order = orderBody({ id: "full" });
    expectStatus(await partner.post("/v2/orders", order), 200);
    setVariables({ BYTE_QUOTA: "100" });
    const repeated = await partner.post("/v2/orders", order, { "Idempotency-Key": "full" });
    expect([repeated.status, repeated.headers.get("Idempotent-Replayed")]).toEqual([200, "true"]);
  });

  it("doesn't reject the repetition of an earlier request", async () => {
    const partner = await newPartner();
    const headers = { "Idempotency-Key": "before" };
    const eventKey = { "Idempotency-Key": "event-before" };
    const order = expectStatus(await partner.post("/v2/orders", orderBody(), headers), 200);
    const event = eventBody({ order_id: order.body.id });
    const captured = expectStatus(await partner.post("/v2/order_events", event, eventKey), 200);
    setVariables({ ORDER_QUOTA: "1", ORDER_EVENT_QUOTA: "1" });
    for (const [path, body, key, first] of [
      ["/v2/orders", orderBody(), headers, order],
      ["/v2/order_events", event, eventKey, captured],
    ] as const) {
      const repeated = await partner.post(path, body, key);
      expect([repeated.status, repeated.text]).toEqual([200, first.text]);
    }
  });

  it("is shared by a partner's environments, but not by other partners", async () => {
    setVariables({ ORDER_QUOTA: "3" });
    const [partner, other] = [await newPartner(), await newPartner()];
    await env.DB.prepare("INSERT INTO datasets (partner_id, order_count) VALUES (?, 2)")
      .bind(partner.partnerId)
      .run();
    for (const client of [partner, other]) await client.createOrder();
    expect(refusalOf(await partner.post("/v2/orders", orderBody()))).toMatchObject({
      details: { quota: "orders", used: 3, limit: 3 },
    });
    expectStatus(await other.post("/v2/orders", orderBody()), 200);
  });

  it("holds for concurrent requests", async () => {
    setVariables({ ORDER_QUOTA: "5", ORDER_EVENT_QUOTA: "5" });
    const partner = await newPartner();
    const twenty = Array.from({ length: 20 });
    const created = await countSuccesses(
      twenty.map((_, index) =>
        partner.post("/v2/orders", orderBody({ id: `o-${index % 10}-${index}` })),
      ),
    );
    expect(created).toBe(5);
    const { data } = (await partner.get("/v2/orders")).body;
    const captured = await countSuccesses(
      twenty.map((_, index) =>
        partner.post("/v2/order_events", eventBody({ order_id: data[index % 5].id })),
      ),
    );
    expect(captured).toBe(5);
  });

  it("costs a few rows read and none written", async () => {
    const partner = await newPartner();
    const id = await partner.createOrder();
    await partner.capture(id, 1);
    const without = costOf(await partner.capture(id, 1));
    setVariables({ ORDER_EVENT_QUOTA: "1000" });
    const within = costOf(await partner.capture(id, 1));
    expect(within).toMatchObject({ queries: without.queries, rows_written: without.rows_written });
    expect(within.rows_read - without.rows_read).toBeLessThanOrEqual(6);
  });
});

describe("stored bytes", () => {
  it("return to their old value when everything is deleted, except for the history", async () => {
    const partner = await newPartner();
    const lines = [{ name: "Lamp", quantity: 1, rate: 10_000, rewards_rate: 0 }];
    const id = await partner.createOrder({ order_lines: lines, merchant_name: "ü".repeat(500) });
    expectStatus(await partner.capture(id, 100, { order_event_id: "e-1" }), 200);
    expectStatus(await partner.put(`/v2/orders/${id}`, orderBody()), 200);
    expectStatus(await partner.delete("/v2/order_events/e-1"), 204);
    expectStatus(await partner.delete(`/v2/orders/${id}`), 204);
    const changes = 5;
    expect(await storedBytes(partner)).toBe(changes * CHANGE_BYTES);
  });

  it("are close to the database's size", async () => {
    const partner = await newPartner();
    const before = await sizeOf();
    const lines = [{ name: "Couch Supreme", quantity: 1, rate: 274_999, rewards_rate: 2_500 }];
    const sent = Array.from({ length: 1_500 }, async () => {
      const id = await partner.createOrder({
        total_order_amount: 274_999,
        partner_order_id: crypto.randomUUID(),
        payment_method_id: crypto.randomUUID(),
        order_lines: lines,
      });
      const event = { network_transaction_id: crypto.randomUUID(), order_lines: lines };
      expectStatus(await partner.capture(id, 274_999, event), 200);
    });
    await Promise.all(sent);
    const ratio = (await storedBytes(partner)) / ((await sizeOf()) - before);
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.4);
  }, 180_000);
});

it("logs each hour which partners are close to a quota", async () => {
  setVariables({ ORDER_QUOTA: "10" });
  const partner = await newPartner();
  const many = Array.from({ length: 9 }, () => partner.createOrder());
  await Promise.all(many);
  const log = vi.spyOn(console, "log");
  await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)));
  expect(lines.filter((line) => line.partner_id === partner.partnerId)).toEqual([
    {
      message: "a partner is close to a quota",
      partner_id: partner.partnerId,
      quota: "orders",
      used: 9,
      limit: 10,
    },
  ]);
});
