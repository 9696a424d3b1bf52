import { beforeEach, describe, expect, it } from "vitest";
import {
  Client,
  eventBody,
  expectStatus,
  newEnvironment,
  newPartner,
  operator,
  orderBody,
  refusalOf,
} from "../support/client.ts";
import { rowsOf } from "../support/rows.ts";

/** Two clients with equal IDs and different content, neither of which may see the other's data. */
const PAIRS = {
  "two partners": async () => [await newPartner(), await newPartner()] as const,
  "two environments of one partner": async () => {
    const one = await newPartner();
    return [one, await newEnvironment(one.partnerId)] as const;
  },
};

/** Creates data. The second client of a pair gets more of everything, so that no totals are equal by chance. */
async function fill(client: Client, name: string, count: number): Promise<void> {
  for (let index = 1; index <= count; index += 1) {
    const order = orderBody({ id: `order-${index}`, merchant_name: name });
    expectStatus(await client.post("/v2/orders", order), 200);
    const ids = { order_event_id: `event-${index}`, partner_event_id: `partner-event-${index}` };
    const lines = [{ name, quantity: 1, rate: 100 * count, rewards_rate: 0 }];
    expectStatus(await client.capture("order-1", 100 * count, { ...ids, order_lines: lines }), 200);
    expectStatus(await client.post("/v2/keys"), 200);
    // Half of each amount, so that the order events differ from the card side.
    const card = { network_transaction_id: `nt-${index}`, customer_id: "customer" };
    const story = { ...card, story: "captured", amount: 50 * count, payment_method_id: "pm-1" };
    expectStatus(await client.post("/sandbox/transactions", story), 200);
  }
}

describe.each(Object.entries(PAIRS))("isolation of %s", (_, newPair) => {
  let one: Client;
  let other: Client;
  beforeEach(async () => {
    [one, other] = await newPair();
    await fill(one, "One", 1);
    await fill(other, "Other", 3);
  });

  const sides = () =>
    [
      { client: one, name: "One", count: 1 },
      { client: other, name: "Other", count: 3 },
    ] as const;

  it.each([
    ["orders", ""],
    ["orders", "partner_order_id=po-1"],
    ["order_events", ""],
    ["order_events", "order_id=order-1"],
    ["order_events", "network_transaction_id=nt-1"],
    ["order_events", "network_transaction_id=nt-1&order_id=order-1"],
  ])("lists and counts only its own %s, by %s", async (list, query) => {
    for (const { client, name, count } of sides()) {
      const { body } = expectStatus(await client.get(`/v2/${list}?${query}`), 200);
      expect(body).toMatchObject({ has_more: false, total: count });
      expect(body.data).toHaveLength(count);
      for (const each of body.data)
        expect(each.merchant_name ?? each.order_lines[0].name).toBe(name);
    }
  });

  it.each([
    ["orders", "id=order-1"],
    ["order_events", "order_event_id=event-1"],
    ["order_events", "partner_event_id=partner-event-1"],
  ])("finds only its own %s among equal IDs, by %s", async (list, query) => {
    for (const { client, name } of sides()) {
      const { body } = expectStatus(await client.get(`/v2/${list}?${query}`), 200);
      expect(body.total).toBe(1);
      expect(body.data[0].merchant_name ?? body.data[0].order_lines[0].name).toBe(name);
    }
  });

  it("doesn't find the other's items, and rejects them as cursors", async () => {
    for (const path of [
      "/v2/orders?id=order-2",
      "/v2/order_events?order_event_id=event-2",
      "/v2/order_events?partner_event_id=partner-event-2",
    ]) {
      expect((await one.get(path)).body).toEqual({ data: [], has_more: false, total: 0 });
    }
    for (const cursor of ["orders?starting_after=order-2", "order_events?starting_after=event-2"]) {
      expectStatus(await one.get(`/v2/${cursor}`), 400);
    }
  });

  it("changes only its own of two equal IDs", async () => {
    const before = await rowsOf(other);
    expectStatus(await one.put("/v2/orders/order-1", orderBody({ merchant_name: "New" })), 200);
    // More than this client has captured, but not more than the other.
    expectStatus(await one.refund("order-1", 300), 409);
    expectStatus(await one.refund("order-1", 100, { order_event_id: "event-2" }), 200);
    for (const id of ["event-2", "event-1"]) {
      expectStatus(await one.delete(`/v2/order_events/${id}`), 204);
    }
    expectStatus(await one.delete("/v2/orders/order-1"), 204);
    expect(await rowsOf(other)).toBe(before);
  });

  it("lists and counts only its own transactions and disagreements", async () => {
    for (const { client, count } of sides()) {
      for (const path of ["/v2/customers/customer/transactions", "/sandbox/transactions"]) {
        const { body } = expectStatus(await client.get(path), 200);
        expect(body).toMatchObject({ has_more: false, total: count });
        expect(body.data).toHaveLength(count);
        for (const each of body.data) expect(each.amount).toBe(50 * count);
      }
      const { body } = expectStatus(await client.get("/sandbox/reconciliation"), 200);
      expect(body).toMatchObject({ total: count });
      // All of an environment's order events name nt-1.
      const reported = { captured: 100 * count * count, refunded: 0 };
      const first = body.data.find(
        (each: { network_transaction_id: string }) => each.network_transaction_id === "nt-1",
      );
      expect(first).toMatchObject({
        card: { captured: 50 * count },
        order_events: reported,
        findings: ["amount_differs"],
      });
      expect(first.order_events.ids).toHaveLength(count);
      const order = await client.get("/sandbox/orders/order-1/reconciliation");
      expect(order.body.transactions).toEqual([first]);
    }
  });

  it("finds no transaction of the other, and changes none", async () => {
    const { data } = (await other.get("/sandbox/transactions")).body;
    const before = await rowsOf(other);
    const [{ id: transaction_id }] = data;
    const { events } = (await other.get(`/sandbox/transactions/${transaction_id}`)).body;
    for (const path of ["/v2/transactions/", "/sandbox/transactions/"]) {
      expectStatus(await one.get(`${path}${transaction_id}`), 404);
    }
    expectStatus(await one.get(`/sandbox/transactions?starting_after=${transaction_id}`), 400);
    expectStatus(await one.get("/sandbox/reconciliation?starting_after=nt-2"), 400);
    expectStatus(await one.get("/sandbox/orders/order-2/reconciliation"), 404);
    const event = { payment_method_id: "pm-1", transaction_id, amount: 1 };
    for (const body of [
      { ...event, status: "CAPTURED" },
      { ...event, status: "REFUNDED", event_id: events[1].event_id },
    ]) {
      expectStatus(await one.post("/v2/simulate_transaction_event", body), 404);
    }
    expect(await rowsOf(other)).toBe(before);
  });

  it("simulates events with equal IDs separately, without the other's customer", async () => {
    const body = {
      payment_method_id: "pm-new",
      status: "CAPTURED",
      amount: 1,
      event_id: "event",
      network_transaction_id: "nt-new",
    };
    const path = "/v2/simulate_transaction_event";
    expectStatus(await other.post(path, { ...body, customer_id: "of-other" }), 200);
    const before = await rowsOf(other);
    const simulated = expectStatus(await one.post(path, body), 200);
    expect(simulated.headers.has("Idempotent-Replayed")).toBe(false);
    const { customer_id } = (await one.get(`/v2/transactions/${simulated.body.transaction_id}`))
      .body;
    expect(customer_id).not.toBe("of-other");
    expect(await rowsOf(other)).toBe(before);
  });

  it("decides by its own sums when requests interleave", async () => {
    for (const { client, count } of sides()) {
      await client.createOrder({ id: "even" });
      expectStatus(await client.capture("even", 100 * count), 200);
    }
    // Both orders have the same version, and the other has captured more.
    expect(refusalOf(await one.refund("even", 200)).details).toMatchObject({ captured: 100 });
    expectStatus(await other.refund("even", 200), 200);
    expectStatus(await one.refund("even", 100), 200);
  });

  it("rejects changes and events of the other's items", async () => {
    const before = await rowsOf(other);
    for (const response of [
      await one.put("/v2/orders/order-2", orderBody()),
      await one.delete("/v2/orders/order-2"),
      await one.capture("order-2", 1),
      await one.delete("/v2/order_events/event-2"),
      await one.delete("/sandbox/keys/4"),
    ]) {
      expectStatus(response, 404);
    }
    expect(await rowsOf(other)).toBe(before);
  });

  it("keeps equal Idempotency-Keys separate", async () => {
    const headers = { "Idempotency-Key": "key-1" };
    const [first, second] = [orderBody(), orderBody({ partner_order_id: "po-2" })];
    const responses = [
      await one.post("/v2/orders", first, headers),
      // The first differs from the other's request, the second equals it.
      await other.post("/v2/orders", second, headers),
      await one.post("/v2/orders", second, { "Idempotency-Key": "key-2" }),
      await other.post("/v2/orders", second, { "Idempotency-Key": "key-2" }),
      await one.post("/v2/order_events", eventBody({ order_id: "order-1" }), {
        "Idempotency-Key": "key-3",
      }),
      await other.post("/v2/order_events", eventBody({ order_id: "order-1" }), {
        "Idempotency-Key": "key-3",
      }),
    ];
    for (const response of responses) {
      expectStatus(response, 200);
      expect(response.headers.has("Idempotent-Replayed")).toBe(false);
    }
    expect(new Set(responses.map((each) => each.body.id ?? each.body.order_event_id)).size).toBe(6);
    const again = await one.post("/v2/orders", first, headers);
    expect(again.text).toBe(responses[0]!.text);
  });

  it("lists and revokes only its own keys of equal IDs", async () => {
    for (const { client, count } of sides()) {
      const { body } = expectStatus(await client.get("/sandbox/keys"), 200);
      expect(body.total).toBe(count + 1);
      expect(body.data).toHaveLength(count + 1);
      expect(body.data.at(-1).last_four).toBe(client.key.slice(-4));
    }
    const before = await rowsOf(other);
    expectStatus(await one.delete("/sandbox/keys/2"), 204);
    expect(refusalOf(await one.delete("/sandbox/keys/1"))).toMatchObject({ status: 409 });
    expect(await rowsOf(other)).toBe(before);
    expect((await other.get("/sandbox/keys?limit=1&starting_after=3")).body).toMatchObject({
      data: [{ id: 2 }],
      has_more: true,
      total: 4,
    });
  });

  it("leaves the other's key with the same ID valid after a revocation", async () => {
    const { body } = expectStatus(await other.post("/v2/keys"), 200);
    const fifth = new Client(other, body.key);
    expectStatus(await fifth.get("/v2/orders"), 200);
    for (let number = 3; number <= 5; number += 1) expectStatus(await one.post("/v2/keys"), 200);
    expectStatus(await one.delete("/sandbox/keys/5"), 204);
    expectStatus(await fifth.get("/v2/orders"), 200);
  });

  it("gives a new key the same access as the key that created it", async () => {
    for (const { client, count } of sides()) {
      const { body } = expectStatus(await client.post("/v2/keys"), 200);
      const made = new Client(client, body.key);
      expect((await made.get("/v2/orders")).body.total).toBe(count);
      expectStatus(await made.delete("/v2/keys"), 200);
      expectStatus(await client.get("/v2/orders"), 200);
    }
  });

  it("gives a key from the operator no access to the other", async () => {
    const before = await rowsOf(other);
    const made = await operator.post(`/sandbox/partners/${one.partnerId}/keys`);
    const holder = new Client(one, expectStatus(made, 200).body.key);
    expect((await holder.get("/v2/orders")).body.total).toBe(1);
    expect(await rowsOf(other)).toBe(before);
  });
});

describe.each(Object.entries(PAIRS))("the notifications of %s", (_, newPair) => {
  it("and webhooks are found and changed by their own environment only", async () => {
    const [one, other] = await newPair();
    const hook = expectStatus(await other.post("/sandbox/webhooks", {}), 200).body;
    const trigger = { object: "REWARD" };
    const sent = expectStatus(await other.post("/sandbox/notifications", trigger), 200).body;
    const report = { delivery_id: 1, attempt: 1, status: 200 };
    for (const [method, path, body] of [
      ["GET", `/sandbox/webhooks/${hook.id}`],
      ["PATCH", `/sandbox/webhooks/${hook.id}`, { status: "paused" }],
      ["DELETE", `/sandbox/webhooks/${hook.id}`],
      ["POST", `/sandbox/webhooks/${hook.id}/test`],
      ["GET", `/sandbox/notifications/${sent.id}`],
      ["GET", `/sandbox/notifications/stream?webhook_id=${hook.id}`],
      ["POST", `/sandbox/notifications/${sent.id}/resend`],
      ["POST", `/sandbox/notifications/${sent.id}/attempts`, report],
    ] as const) {
      expectStatus(await one.send(method, path, body), 404);
    }
    for (const list of ["webhooks", "notifications"]) {
      expect((await one.get(`/sandbox/${list}`)).body.total).toBe(0);
      expect((await other.get(`/sandbox/${list}`)).body.total).toBe(1);
    }
    expect((await other.get(`/sandbox/webhooks/${hook.id}`)).body).toEqual(hook);
  });
});

it("removes a partner with all its environments", async () => {
  const one = await newPartner();
  const [other, stranger] = [await newEnvironment(one.partnerId), await newPartner()];
  for (const client of [one, other, stranger]) await fill(client, "Any", 1);
  const before = await rowsOf(stranger);
  expectStatus(await operator.delete(`/sandbox/partners/${one.partnerId}`), 204);
  for (const client of [one, other]) {
    expectStatus(await client.get("/v2/orders"), 401);
    expect(JSON.parse(await rowsOf(client)).flat()).toEqual([]);
  }
  expect(await rowsOf(stranger)).toBe(before);
});
