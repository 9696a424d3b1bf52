import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { MAX_DELIVERIES } from "../../../src/domain/notifications.ts";
import { MAX_WEBHOOKS, NOTIFICATION_KINDS } from "../../../src/domain/webhooks.ts";
import { expectStatus, newPartner, refusalOf, type Client } from "../../support/client.ts";
import { openStream } from "../../support/event-stream.ts";
import {
  addWebhook,
  capture,
  detailsOf,
  passAnHour,
  reasonOf,
  Receiver,
  settled,
} from "../../support/receiver.ts";
import { workbenchOf } from "../../support/recorded-requests.ts";
import { setVariables } from "../../support/variables.ts";

const NOTIFICATIONS = "/sandbox/notifications";

let partner: Client;
let receiver: Receiver;
beforeEach(async () => {
  setVariables({ WEBHOOK_ADDRESSES: "any" });
  partner = await newPartner();
  receiver = new Receiver();
});

describe("a simulated event", () => {
  it("sends a signed TRANSACTION, once", async () => {
    const { signing_token } = await addWebhook(partner, receiver);
    const { transaction_id, event_id } = await capture(partner, {
      network_transaction_id: "nt-1",
      currency: "EUR",
    });
    const [received] = await receiver.waitFor(1);
    expect(await reasonOf(received!, signing_token)).toBeNull();
    expect(received!.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(received!.body)).toEqual({
      object: "TRANSACTION",
      data: {
        merchant_key: "SANDBOX",
        transaction_id,
        event_id,
        intent_id: null,
        payment_method_id: "pm-1",
        customer_id: expect.any(String),
        status: "CAPTURED",
        created_at: expect.any(String),
        updated_at: expect.any(String),
        amount: 400,
        currency: "EUR",
        authorization_code: null,
        network_transaction_id: "nt-1",
        purchase_method: null,
      },
    });
    const [listed] = await settled(partner, 1);
    expect(listed).toMatchObject({
      object: "TRANSACTION",
      status: "CAPTURED",
      transaction_id,
      event_id,
      network_transaction_id: "nt-1",
      delivery_status: "acknowledged",
      attempt_count: 1,
      next_at: null,
    });
    expect(await receiver.received()).toHaveLength(1);
  });

  it("sends its notification within a second", async () => {
    await addWebhook(partner, receiver);
    const delays: number[] = [];
    for (let count = 1; count <= 3; count++) {
      await capture(partner);
      const committed = Date.now();
      const received = await receiver.waitFor(count);
      delays.push(received.at(-1)!.at - committed);
    }
    // A busy machine can hold up any one of them.
    expect(Math.min(...delays)).toBeLessThan(1_000);
  });

  it("sends one notification for each event of a story, with the event's own amount", async () => {
    await addWebhook(partner, receiver);
    const story = { story: "partly_refunded", amount: 1_000 };
    expectStatus(await partner.post("/sandbox/transactions", story), 200);
    await settled(partner, 3);
    const sent = (await receiver.received()).map(({ body }) => JSON.parse(body).data);
    expect(sent.map(({ status, amount }) => `${status} ${amount}`).toSorted()).toEqual([
      "APPROVED 1000",
      "CAPTURED 1000",
      "REFUNDED 500",
    ]);
  });

  it("that is repeated or refused sends nothing", async () => {
    await addWebhook(partner, receiver);
    const { transaction_id } = await capture(partner, { event_id: "e-1" });
    await capture(partner, { event_id: "e-1" });
    const refused = { payment_method_id: "pm-1", transaction_id, status: "VOIDED" };
    expectStatus(await partner.post("/v2/simulate_transaction_event", refused), 409);
    await settled(partner, 1);
    expect(await receiver.received()).toHaveLength(1);
  });

  it("without a webhook leaves no notification", async () => {
    await capture(partner);
    expect((await partner.get(NOTIFICATIONS)).body).toEqual({
      data: [],
      has_more: false,
      total: 0,
    });
  });
});

describe("an attempt", () => {
  it.each([
    [
      { status: 500, body: "no" },
      { status: 500, response_body: "no", error: null },
    ],
    [{ status: 302, headers: { Location: "/notify/elsewhere" } }, { status: 302 }],
    [{ hangsUp: true }, { status: null, error: expect.stringContaining("connection failed") }],
  ])("that ends in %o is repeated", async (plan, attempt) => {
    const { id: webhook_id } = await addWebhook(partner, receiver);
    await receiver.plan(plan);
    await capture(partner);
    const [{ id }] = await settled(partner, 1);
    const { attempts, deliveries } = await detailsOf(partner, id);
    expect(attempts).toMatchObject([
      { ...attempt, webhook_id, url: receiver.url, next_at: expect.any(String) },
      { status: 200, response_body: "ok", next_at: null },
    ]);
    expect(deliveries).toMatchObject([{ webhook_id, status: "acknowledged", attempt_count: 2 }]);
    const received = await receiver.received();
    expect(received).toHaveLength(2);
    expect(received[0]!.body).toBe(received[1]!.body);
  });

  it("fails without a response within 15 seconds", async () => {
    await addWebhook(partner, receiver);
    await receiver.plan({ delay_ms: 30_000 });
    await capture(partner);
    const [first, second] = await receiver.waitFor(2);
    expect(second!.at - first!.at).toBeGreaterThan(14_500);
    const [{ id }] = await settled(partner, 1);
    expect((await detailsOf(partner, id)).attempts).toMatchObject([
      { status: null, error: "No response within 15 seconds." },
      { status: 200 },
    ]);
  });

  it("fails for good when the schedule ends", async () => {
    await addWebhook(partner, receiver);
    await receiver.plan({ status: 500 }, { status: 404 }, { status: 503 }, { status: 400 });
    await capture(partner);
    const [{ id, delivery_status, next_at }] = await settled(partner, 1);
    expect([delivery_status, next_at]).toEqual(["failed", null]);
    const statuses = (await detailsOf(partner, id)).attempts.map(
      ({ status }: { status: number }) => status,
    );
    expect(statuses).toEqual([500, 404, 503, 400]);
    const [failing] = (await partner.get("/sandbox/webhooks")).body.data;
    expect(failing.failing_since).toEqual(expect.any(String));
    await capture(partner);
    await settled(partner, 2);
    expect((await partner.get("/sandbox/webhooks")).body.data[0]).not.toHaveProperty(
      "failing_since",
    );
  });

  it("is recorded with 4 KiB of the response, and without keys", async () => {
    await addWebhook(partner, receiver);
    await receiver.plan({ body: `${partner.key} ${"x".repeat(10_000)}` });
    await capture(partner, { merchant: { name: `a shop with ${partner.key}` } });
    const [{ id }] = await settled(partner, 1);
    const response = await partner.get(`${NOTIFICATIONS}/${id}`);
    expect(response.text).not.toContain(partner.key);
    expect(response.body.attempts[0].response_body.length).toBeLessThanOrEqual(4_096);
    expect(response.body.payload.data.merchant.name).toBe("a shop with test_***");
  });

  it("is never sent to an address that is not allowed, whenever that was decided", async () => {
    await addWebhook(partner, receiver, { retry_after_seconds: [] });
    setVariables({ WEBHOOK_ADDRESSES: "public" });
    await capture(partner);
    const [{ id }] = await settled(partner, 1);
    expect((await detailsOf(partner, id)).attempts).toMatchObject([
      { status: null, error: "Not sent: Expected a URL with https." },
    ]);
    expect(await receiver.received()).toEqual([]);
  });

  it("waits while the partner has used up its attempts", async () => {
    const own = String(partner.partnerId);
    const used = { limit: async ({ key }: { key: string }) => ({ success: key !== own }) };
    setVariables({ RATE_LIMITS: "on", NOTIFICATION_RATE_LIMIT: used });
    await addWebhook(partner, receiver);
    await capture(partner);
    const list = async () => (await partner.get(NOTIFICATIONS)).body.data;
    await expect.poll(async () => (await list()).length).toBe(1);
    await scheduler.wait(200);
    expect(await list()).toMatchObject([{ delivery_status: "pending", attempt_count: 0 }]);
    setVariables({ RATE_LIMITS: "off" });
    await settled(partner, 1);
    expect(await receiver.received()).toHaveLength(1);
  });
});

describe("a triggered notification", () => {
  it.each(NOTIFICATION_KINDS)("%s has the published example", async (object) => {
    await addWebhook(partner, receiver);
    const sent = expectStatus(await partner.post(NOTIFICATIONS, { object }), 200).body;
    const [received] = await receiver.waitFor(1);
    const body = JSON.parse(received!.body);
    expect(body.object).toBe(object);
    expect(body.data).toMatchObject({ merchant_key: "MERCHANT_ABC" });
    const [listed] = await settled(partner, 1);
    expect(listed).toMatchObject({ id: sent.id, object });
    expect((await detailsOf(partner, sent.id)).payload).toEqual(body);
  });

  it("has the data of the request in place of the example's", async () => {
    const data = { amount: 7, network_transaction_id: null, customer_id: null };
    const sent = await partner.post(NOTIFICATIONS, { object: "TRANSACTION", data });
    const { payload } = await detailsOf(partner, expectStatus(sent, 200).body.id);
    expect(payload.data).toMatchObject({
      amount: 7,
      network_transaction_id: null,
      currency: "USD",
    });
    expect(payload.data).not.toHaveProperty("customer_id");
  });

  it.each([
    ["TRANSACTION", { amount: "5000" }, "data.amount"],
    ["TRANSACTION", { amount: 1.5 }, "data.amount"],
    ["TRANSACTION", { merchant: { name: 1 } }, "data.merchant.name"],
    ["STREAK", { status: "DONE" }, "data.status"],
    ["PAYMENT_METHOD", { tokens: [{ type: "ADYEN" }] }, "data.tokens[0].token"],
    ["ORDER", {}, "object"],
  ])("%s with %o is rejected in %s", async (object, data, param) => {
    const response = await partner.post(NOTIFICATIONS, { object, data });
    expect(refusalOf(response)).toMatchObject({ status: 400, param });
  });

  it("warns of an unknown field, and sends it", async () => {
    const data = { ammount: 1.5 };
    const sent = await partner.post(NOTIFICATIONS, { object: "REWARD", data });
    expect(expectStatus(sent, 200).headers.get("Sandbox-Warnings")).toBe(
      'unknown_field;param="data.ammount";did_you_mean="amount"',
    );
    expect((await detailsOf(partner, sent.body.id)).payload.data).toMatchObject({ ammount: 1.5 });
  });

  it("is rejected above 64 KiB", async () => {
    const data = { metadata: Object.fromEntries([["x", "y".repeat(70_000)]]) };
    const response = await partner.post(NOTIFICATIONS, { object: "REWARD", data });
    expect(refusalOf(response)).toMatchObject({ status: 400, param: "data" });
  });
});

describe("the log", () => {
  it("filters, and comes in pages", async () => {
    await addWebhook(partner, receiver);
    const ids: string[] = [];
    for (const each of ["nt-1", "nt-2"]) {
      ids.push((await capture(partner, { network_transaction_id: each })).transaction_id);
    }
    expectStatus(await partner.post(NOTIFICATIONS, { object: "REWARD" }), 200);
    const listed = await settled(partner, 3);
    const found = async (query: string) =>
      (await partner.get(`${NOTIFICATIONS}?${query}`)).body.total;
    expect(await found("object=REWARD")).toBe(1);
    expect(await found("status=CAPTURED")).toBe(2);
    expect(await found("network_transaction_id=nt-2")).toBe(1);
    expect(await found(`transaction_id=${ids[0]}`)).toBe(1);
    expect(await found("delivery_status=acknowledged&object=TRANSACTION")).toBe(2);
    expect(await found("delivery_status=failed")).toBe(0);
    expect(await found(`since=${listed[0].at}`)).toBe(1);
    const next = await partner.get(`${NOTIFICATIONS}?limit=1&starting_after=${listed[0].id}`);
    expect(next.body).toEqual({ data: [listed[1]], has_more: true, total: 3 });
    expectStatus(await partner.get(`${NOTIFICATIONS}?starting_after=9`), 400);
  });

  it("is empty after a reset, which cancels what is pending", async () => {
    await addWebhook(partner, receiver, { retry_after_seconds: [60] });
    await receiver.plan({ status: 500 });
    await capture(partner);
    await receiver.waitFor(1);
    expectStatus(await partner.post("/sandbox/reset"), 204);
    expect((await partner.get(NOTIFICATIONS)).body.total).toBe(0);
    await passAnHour(partner);
    expect(await receiver.received()).toHaveLength(1);
    await capture(partner);
    await settled(partner, 1);
    expect(await receiver.received()).toHaveLength(2);
  });

  it("sends a notification again, with the same body and a new signature", async () => {
    const { signing_token } = await addWebhook(partner, receiver);
    await capture(partner);
    const [{ id }] = await settled(partner, 1);
    expectStatus(await partner.post(`${NOTIFICATIONS}/${id}/resend`), 200);
    const [first, second] = await receiver.waitFor(2);
    expect(second!.body).toBe(first!.body);
    expect(second!.headers["x-imprint-hmac-signature"]).not.toBe(
      first!.headers["x-imprint-hmac-signature"],
    );
    expect(await reasonOf(second!, signing_token)).toBeNull();
    expect(await settled(partner, 1)).toMatchObject([{ attempt_count: 2 }]);
  });

  it("has at most 100 deliveries of a notification, whose bytes count", async () => {
    for (let count = 0; count < MAX_WEBHOOKS; count += 1) {
      expectStatus(await partner.post("/sandbox/webhooks", {}), 200);
    }
    const { body: sent } = await partner.post(NOTIFICATIONS, { object: "REWARD" });
    const bytes = () =>
      runInDurableObject(workbenchOf(partner), (_, { storage }) =>
        Number(storage.sql.exec("SELECT bytes FROM notifications").one()["bytes"]),
      );
    const first = await bytes();
    const resend = () => partner.post(`${NOTIFICATIONS}/${sent.id}/resend`);
    for (let count = MAX_WEBHOOKS; count < MAX_DELIVERIES; count += MAX_WEBHOOKS) {
      expectStatus(await resend(), 200);
    }
    expect(refusalOf(await resend())).toEqual({
      status: 409,
      type: "CONFLICT_ERROR",
      details: { limit: 100, deliveries: 100, added: 10 },
    });
    expect((await detailsOf(partner, sent.id)).deliveries).toHaveLength(MAX_DELIVERIES);
    expect((await bytes()) - first).toBeGreaterThan(90 * 100);
  });

  it.each([
    ["GET", ""],
    ["POST", "/resend"],
    ["POST", "/attempts"],
  ])("has no unknown notification for %s %s", async (method, path) => {
    const body = path === "/attempts" ? { delivery_id: 1, attempt: 1, status: 200 } : undefined;
    const response = await partner.send(method, `${NOTIFICATIONS}/7${path}`, body);
    expect(refusalOf(response)).toMatchObject({
      status: 404,
      type: "NOTIFICATION_NOT_FOUND_ERROR",
    });
  });
});

describe("the stream", () => {
  it("sends each change of a notification, and resumes after one", async () => {
    await addWebhook(partner, receiver);
    const watching = await openStream(partner, `${NOTIFICATIONS}/stream?object=TRANSACTION`);
    await receiver.plan({ status: 500 });
    await capture(partner);
    const seen = [];
    do {
      seen.push(...(await watching.take(1)));
    } while (seen.at(-1).delivery_status !== "acknowledged");
    await watching.cancel();
    const counts = seen.map(({ attempt_count }) => attempt_count);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({ object: "TRANSACTION", attempt_count: 2 });
    const resumed = await openStream(partner, `${NOTIFICATIONS}/stream`, { "Last-Event-ID": "1" });
    expect(await resumed.take(1)).toEqual([seen.at(-1)]);
    await resumed.cancel();
  });
});

describe("a webhook without a URL", () => {
  const report = (event: Record<string, unknown>, outcome: Record<string, unknown>) =>
    partner.post(`${NOTIFICATIONS}/${String(event["notification_id"])}/attempts`, {
      delivery_id: event["delivery_id"],
      attempt: event["attempt"],
      ...outcome,
    });
  const listen = (id: string, headers = {}) =>
    openStream(partner, `${NOTIFICATIONS}/stream?webhook_id=${id}`, headers);

  it("offers each delivery in its stream until the outcome is reported", async () => {
    const settings = { retry_after_seconds: [0, 0] };
    const { id, signing_token } = expectStatus(
      await partner.post("/sandbox/webhooks", settings),
      200,
    ).body;
    const { event_id } = await capture(partner);
    const first = await listen(id);
    const [offered] = await first.take(1);
    await first.cancel();
    const { headers, body } = offered;
    const signature = { "x-imprint-hmac-signature": headers["X-IMPRINT-HMAC-SIGNATURE"] };
    const received = { headers: signature, body, at: Date.now() };
    expect(await reasonOf(received, signing_token)).toBeNull();
    expect(JSON.parse(body).data.event_id).toBe(event_id);
    // Another connection gets it again: nothing was reported.
    const second = await listen(id);
    expect(await second.take(1)).toMatchObject([{ delivery_id: offered.delivery_id, attempt: 1 }]);
    const refused = { status: null, error: "connection refused", url: "http://localhost:3000/" };
    expectStatus(await report(offered, refused), 200);
    // Repeating the report doesn't count as the next attempt.
    expect(expectStatus(await report(offered, refused), 200).body.attempt_count).toBe(1);
    const [again] = await second.take(1);
    expect(again).toMatchObject({ delivery_id: offered.delivery_id, attempt: 2, body });
    const done = { status: 204, response_body: "", ms: 3, headers };
    expect(expectStatus(await report(again, done), 200).body.delivery_status).toBe("acknowledged");
    // A repeated report changes nothing, and nothing acknowledged is offered again.
    expect(expectStatus(await report(again, { status: 500 }), 200).body).toMatchObject({
      delivery_status: "acknowledged",
      attempt_count: 2,
    });
    await second.cancel();
    const { attempts } = await detailsOf(partner, offered.notification_id);
    expect(attempts).toMatchObject([refused, { status: 204, headers, ms: 3 }]);
    const third = await listen(id);
    const next = await capture(partner);
    const [only] = await third.take(1);
    expect(JSON.parse(only.body).data.event_id).toBe(next.event_id);
    await third.cancel();
    const { notification_id } = offered;
    expectStatus(await report({ ...only, notification_id }, { status: 200 }), 404);
  });

  it("stores a reported outcome without keys", async () => {
    const { id } = expectStatus(await partner.post("/sandbox/webhooks", {}), 200).body;
    await capture(partner);
    const stream = await listen(id);
    const [offered] = await stream.take(1);
    await stream.cancel();
    const { key } = partner;
    const outcome = { status: 500, url: `http://localhost/?key=${key}`, error: key };
    const headers = { Authorization: `Bearer ${key}`, "X-Key": key };
    expectStatus(await report(offered, { ...outcome, headers, response_body: key }), 200);
    const stored = await partner.get(`${NOTIFICATIONS}/${offered.notification_id}`);
    expect(stored.body.attempts).toMatchObject([{ status: 500, error: "test_***" }]);
    expect(stored.text).not.toContain(key);
  });

  it("is unknown to the stream with a URL, and its deliveries to other notifications", async () => {
    const { id } = await addWebhook(partner, receiver);
    expectStatus(await partner.get(`${NOTIFICATIONS}/stream?webhook_id=${id}`), 404);
    await capture(partner);
    const [sent] = await settled(partner, 1);
    const [{ id: delivery_id }] = (await detailsOf(partner, sent.id)).deliveries;
    const event = { notification_id: sent.id, delivery_id, attempt: 1 };
    expectStatus(await report(event, { status: 200 }), 404);
  });
});
