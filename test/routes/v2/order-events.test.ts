import { beforeAll, describe, expect, it } from "vitest";
import { ORDER_EVENT_TYPES, type OrderEventInput } from "../../../src/domain/order-events.ts";
import type { OrderLine } from "../../../src/domain/order-lines.ts";
import {
  eventBody,
  expectStatus,
  newPartner,
  refusalOf,
  withoutIds,
  type Client,
} from "../../support/client.ts";

let a: Client;
let b: Client;
let orderId: string;
beforeAll(async () => {
  a = await newPartner();
  b = await newPartner();
  orderId = await a.createOrder();
});

const lines = (rate: number) => [{ name: "x", quantity: 1, rate, rewards_rate: 0 }];

describe("POST /v2/order_events", () => {
  it.each(ORDER_EVENT_TYPES)("stores and returns every field of %s as sent", async (type) => {
    const order_id = await a.createOrder();
    // A refund needs a captured amount.
    await a.capture(order_id, 900, { rewards_amount: 9 });
    const event = {
      order_event_id: `event-${type}`,
      order_id,
      partner_event_id: `pe-${type}`,
      type,
      amount: 900,
      rewards_amount: 9,
      currency: "USD",
      network_transaction_id: "nt-full",
      order_lines: [
        {
          name: "Oak table",
          product_url: "shop.example",
          quantity: 3,
          rate: 300,
          rewards_rate: 3,
        },
      ] satisfies Required<OrderLine>[],
    } satisfies Required<OrderEventInput>;
    const created = expectStatus(await a.post("/v2/order_events", event), 200);
    expect(created.body).toEqual(event);
    const listed = await a.get(`/v2/order_events?order_event_id=${event.order_event_id}`);
    expect(listed.body).toEqual({ data: [event], has_more: false, total: 1 });
  });

  it("fills in the defaults", async () => {
    const euros = await a.createOrder({ currency: "EUR" });
    const { body } = expectStatus(await a.capture(euros, 5), 200);
    expect(body).toEqual({
      ...eventBody({ order_id: euros, amount: 5 }),
      order_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      rewards_amount: 0,
      currency: "EUR",
    });
  });

  it("accepts captures above the order's total", async () => {
    const id = await a.createOrder({ total_order_amount: 1 });
    expectStatus(await a.capture(id, 1_000_000), 200);
  });

  it("replays the same event by either ID, and rejects different content", async () => {
    const ids = { order_event_id: "event-twice", partner_event_id: "pe-twice" };
    const first = expectStatus(await a.capture(orderId, 50, ids), 200);
    for (const same of [ids, { partner_event_id: "pe-twice" }]) {
      const again = expectStatus(await a.capture(orderId, 50, same), 200);
      expect(again.body).toEqual(first.body);
      expect(again.headers.get("Idempotent-Replayed")).toBe("true");
    }
    for (const param of ["order_event_id", "partner_event_id"] as const) {
      const other = await a.capture(orderId, 51, { [param]: ids[param] });
      expect(refusalOf(other)).toMatchObject({ status: 409, type: "CONFLICT_ERROR", param });
      expect(other.body.error.details.differing_fields).toContain("amount");
    }
    const elsewhere = await a.createOrder();
    expectStatus(await a.capture(elsewhere, 50, { partner_event_id: "pe-twice" }), 409);
  });

  it("replays a refund of the full captured amount", async () => {
    const id = await a.createOrder();
    await a.capture(id, 10);
    const refund = () => a.refund(id, 10, { partner_event_id: "pe-all" });
    expectStatus(await refund(), 200);
    expect(expectStatus(await refund(), 200).headers.get("Idempotent-Replayed")).toBe("true");
  });

  it("rejects a refund above the captured amount, with the figures", async () => {
    const id = await a.createOrder();
    const events = { order_event_ids: ["event-200", "event-500"] };
    await a.capture(id, 500, { rewards_amount: 5, order_event_id: "event-500" });
    expectStatus(await a.refund(id, 200, { order_event_id: "event-200" }), 200);
    expect(refusalOf(await a.refund(id, 301))).toEqual({
      status: 409,
      type: "CONFLICT_ERROR",
      param: "amount",
      details: { captured: 500, refunded: 200, refundable: 300, requested: 301, ...events },
    });
    expect(refusalOf(await a.refund(id, 300, { rewards_amount: 6 }))).toEqual({
      status: 409,
      type: "CONFLICT_ERROR",
      param: "rewards_amount",
      details: { captured: 5, refunded: 0, refundable: 5, requested: 6, ...events },
    });
    expectStatus(await a.refund(id, 300, { rewards_amount: 5 }), 200);
  });

  it("rejects captures whose sum exceeds the largest amount", async () => {
    const id = await a.createOrder();
    expectStatus(await a.capture(id, Number.MAX_SAFE_INTEGER), 200);
    expect(refusalOf(await a.capture(id, 1))).toMatchObject({ status: 409, param: "amount" });
    expectStatus(await a.refund(id, Number.MAX_SAFE_INTEGER), 200);
  });

  it("rejects a currency other than the order's", async () => {
    const response = await a.capture(orderId, 1, { currency: "EUR" });
    expect(refusalOf(response)).toEqual({
      status: 400,
      type: "INVALID_REQUEST_ERROR",
      param: "currency",
      violations: [{ param: "currency", message: expect.stringContaining("EUR") }],
      details: { currency: "USD", requested: "EUR" },
    });
  });

  it("rejects an event of an unknown order", async () => {
    const response = await a.capture("no-such-order", 1);
    expect(refusalOf(response)).toEqual({
      status: 404,
      type: "ORDER_NOT_FOUND_ERROR",
      param: "order_id",
    });
  });

  it.each([
    ["a missing field", { network_transaction_id: undefined }, "network_transaction_id"],
    ["an unknown type", { type: "NO_SUCH_TYPE" }, "type"],
    ["a null", { partner_event_id: null }, "partner_event_id"],
    ["an amount in words", { amount: "ten" }, "amount"],
    [
      "lines that don't add up",
      { order_lines: [{ name: "x", quantity: 1, rate: 99, rewards_rate: 0 }] },
      "amount",
    ],
  ])("rejects %s, and names the field", async (_, fields, param) => {
    const response = await a.post("/v2/order_events", eventBody({ order_id: orderId, ...fields }));
    expect(refusalOf(response)).toMatchObject({
      status: 400,
      type: "INVALID_REQUEST_ERROR",
      param,
    });
  });

  it("keeps equal IDs of two partners separate", async () => {
    const ids = { order_event_id: "event-shared", partner_event_id: "pe-shared" };
    expectStatus(await a.capture(orderId, 1, { ...ids, order_lines: lines(1) }), 200);
    const ofB = await b.createOrder();
    const response = expectStatus(await b.capture(ofB, 2, { ...ids, order_lines: lines(2) }), 200);
    expect(response.headers.has("Idempotent-Replayed")).toBe(false);
    const listed = await b.get("/v2/order_events?order_event_id=event-shared");
    expect(listed.body.data[0].order_lines).toEqual(lines(2));
  });
});

describe("GET /v2/order_events", () => {
  it("filters by every ID, alone and combined", async () => {
    const one = await a.createOrder();
    const two = await a.createOrder();
    const ids: string[] = [];
    for (const [order, transaction] of [
      [one, "nt-a"],
      [one, "nt-b"],
      [two, "nt-a"],
    ] as const) {
      const fields = { network_transaction_id: transaction, partner_event_id: `pe-f${ids.length}` };
      ids.push((await a.capture(order, 1, fields)).body.order_event_id);
    }
    const found = async (query: string) => {
      const { body } = expectStatus(await a.get(`/v2/order_events?${query}`), 200);
      expect(body.total).toBe(body.data.length);
      return body.data.map((each: { order_event_id: string }) => ids.indexOf(each.order_event_id));
    };
    expect(await found(`order_id=${one}`)).toEqual([1, 0]);
    expect(await found("network_transaction_id=nt-a")).toEqual([2, 0]);
    expect(await found(`network_transaction_id=nt-a&order_id=${two}`)).toEqual([2]);
    expect(await found("partner_event_id=pe-f1")).toEqual([1]);
    expect(await found(`order_event_id=${ids[0]}&order_id=${two}`)).toEqual([]);
    expect(await found("order_id=no-such-order")).toEqual([]);
  });

  it("shows no data of another partner", async () => {
    const { body } = await a.capture(orderId, 1);
    for (const query of [`order_event_id=${body.order_event_id}`, `order_id=${orderId}`]) {
      const foreign = await b.get(`/v2/order_events?${query}`);
      expect(foreign.body).toEqual({ data: [], has_more: false, total: 0 });
    }
    const cursor = await b.get(`/v2/order_events?starting_after=${body.order_event_id}`);
    expect(refusalOf(cursor)).toMatchObject({ status: 400, param: "starting_after" });
  });
});

describe("DELETE /v2/order_events/{order_event_id}", () => {
  it("subtracts the event from the sums, and frees its IDs", async () => {
    const id = await a.createOrder();
    const ids = { order_event_id: "event-gone", partner_event_id: "pe-gone" };
    expectStatus(await a.capture(id, 100, ids), 200);
    expectStatus(await a.delete("/v2/order_events/event-gone"), 204);
    expect((await a.get(`/v2/order_events?order_id=${id}`)).body.total).toBe(0);
    expect(refusalOf(await a.refund(id, 1)).details).toMatchObject({ captured: 0 });
    const again = expectStatus(await a.capture(id, 70, ids), 200);
    expect(again.headers.has("Idempotent-Replayed")).toBe(false);
  });

  it("rejects a deletion that leaves refunds above captures, with the figures", async () => {
    const id = await a.createOrder();
    await a.capture(id, 100, { order_event_id: "event-needed" });
    await a.capture(id, 50, { order_event_id: "event-other" });
    await a.refund(id, 60, { order_event_id: "event-refund" });
    expect(refusalOf(await a.delete("/v2/order_events/event-needed"))).toEqual({
      status: 409,
      type: "CONFLICT_ERROR",
      details: {
        captured: 150,
        refunded: 60,
        refundable: 90,
        requested: 100,
        order_event_ids: ["event-refund", "event-other", "event-needed"],
      },
    });
    expectStatus(await a.delete("/v2/order_events/event-refund"), 204);
    expectStatus(await a.delete("/v2/order_events/event-needed"), 204);
  });

  it("treats another partner's event like an unknown one", async () => {
    const { body } = await a.capture(orderId, 1);
    const foreign = await b.delete(`/v2/order_events/${body.order_event_id}`);
    const unknown = await b.delete("/v2/order_events/no-such-event");
    expect(refusalOf(foreign)).toEqual({
      status: 404,
      type: "ORDER_EVENT_NOT_FOUND_ERROR",
      param: "order_event_id",
    });
    expect(withoutIds(foreign, body.order_event_id)).toBe(withoutIds(unknown, "no-such-event"));
    const remaining = await a.get(`/v2/order_events?order_event_id=${body.order_event_id}`);
    expect(remaining.body.total).toBe(1);
  });
});
