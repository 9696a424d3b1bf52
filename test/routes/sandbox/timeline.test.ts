import { describe, expect, it } from "vitest";
import { timelineOf, type PastChange } from "../../../src/domain/timeline.ts";
import {
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  type Client,
} from "../../support/client.ts";

const path = (id: string) => `/sandbox/orders/${id}/timeline`;

/** Returns an order's timeline once it has this many entries: requests are recorded after the response. */
async function timelineWith(client: Client, id: string, entries: number) {
  let body;
  await expect
    .poll(async () => {
      ({ body } = expectStatus(await client.get(path(id)), 200));
      return body.data.length;
    })
    .toBe(entries);
  return body as unknown as { data: Record<string, unknown>[]; figures: object };
}

const kindsOf = ({ data }: { data: Record<string, unknown>[] }) => data.map(({ kind }) => kind);

describe("GET /sandbox/orders/{order_id}/timeline", () => {
  it("lists every change with the sums after it", async () => {
    const client = await newPartner();
    const lines = [{ name: "Lamp", quantity: 2, rate: 2_500, rewards_rate: 25 }];
    const order = orderBody({ id: "o", total_order_amount: 5_000, order_lines: lines });
    await client.post("/v2/orders", order);
    await client.post("/v2/orders", order);
    await client.put("/v2/orders/o", { ...order, merchant_name: "Rest Assured" });
    await client.capture("o", 5_000, { order_event_id: "e-1", rewards_amount: 50 });
    await client.refund("o", 6_000, { order_event_id: "e-2" });
    await client.refund("o", 2_000, { order_event_id: "e-2", rewards_amount: 20 });
    await client.delete("/v2/order_events/e-2");
    await client.get("/v2/order_events?order_id=o");

    const timeline = await timelineWith(client, "o", 7);
    expect(kindsOf(timeline)).toEqual([
      "created",
      "replayed",
      "replaced",
      "event_appended",
      "refused",
      "event_appended",
      "event_deleted",
    ]);
    expect(timeline.data[4]).toEqual({
      kind: "refused",
      at: expect.any(String),
      request_id: expect.any(String),
      order_event_id: "e-2",
      type: "REFUNDED",
      amount: 6_000,
      error: { type: "CONFLICT_ERROR", param: "amount", message: expect.stringContaining("6000") },
    });
    expect(timeline.data[3]).toMatchObject({
      type: "CAPTURED",
      amount: 5_000,
      rewards_amount: 50,
    });
    expect(timeline.data[5]).toMatchObject({
      version: 4,
      order_event_id: "e-2",
      type: "REFUNDED",
      amount: 2_000,
      rewards_amount: 20,
      figures: {
        ordered: 5_000,
        captured: 5_000,
        refunded: 2_000,
        refundable: 3_000,
        rewards: { ordered: 50, captured: 50, refunded: 20, refundable: 30 },
      },
    });
    const deleted = { order_event_id: "e-2", type: "REFUNDED", amount: 2_000, rewards_amount: 20 };
    expect(timeline.data[6]).toMatchObject(deleted);
    expect(timeline.data[0]).not.toHaveProperty("amount");
    expect(timeline.figures).toMatchObject({ refunded: 0, refundable: 5_000 });
  });

  it("has the warnings of each request", async () => {
    const client = await newPartner();
    const id = await client.createOrder({ id: "o", total_order_amount: 10 });
    await client.capture(id, 11, { reward_amount: 1 });
    const { data } = await timelineWith(client, id, 2);
    await expect
      .poll(async () => (await timelineWith(client, id, 2)).data[1]!["warnings"])
      .toEqual(
        expect.arrayContaining([
          { code: "captured_beyond_total", param: "amount", captured: 11, ordered: 10 },
          expect.objectContaining({ code: "unknown_field", param: "reward_amount" }),
        ]),
      );
    expect(data[0]).not.toHaveProperty("warnings");
  });

  it("shows one capture for a request that was retried after its response was lost", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    const event = { order_event_id: "e-1" };
    await client.capture(id, 100, event);
    const fault = { fault: "error_after_commit", match: { order_id: id } };
    expectStatus(await client.post("/sandbox/faults", fault), 200);
    expectStatus(await client.capture(id, 50, { order_event_id: "e-2" }), 500);
    expectStatus(await client.capture(id, 50, { order_event_id: "e-2" }), 200);
    const timeline = await timelineWith(client, id, 4);
    expect(kindsOf(timeline)).toEqual(["created", "event_appended", "event_appended", "replayed"]);
    expect(timeline.data[2]).toMatchObject({ fault: { fault: "error_after_commit" }, version: 3 });
    expect(timeline.figures).toMatchObject({ captured: 150 });
  });

  it("has requests that a fault rejected", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    expectStatus(await client.post("/sandbox/faults", { fault: "unavailable" }), 200);
    expectStatus(await client.capture(id, 50), 503);
    const timeline = await timelineWith(client, id, 2);
    expect(timeline.data[1]).toMatchObject({ kind: "faulted", fault: { fault: "unavailable" } });
  });

  it("has the events of the card transactions that the order's events name", async () => {
    const client = await newPartner();
    const story = { story: "refunded", amount: 5_000, network_transaction_id: "nt-1" };
    const { body } = expectStatus(await client.post("/sandbox/transactions", story), 200);
    await client.post("/sandbox/transactions", { ...story, network_transaction_id: "nt-2" });
    const id = await client.createOrder({ id: "o" });
    await client.capture(id, 5_000);
    const timeline = await timelineWith(client, id, 5);
    expect(kindsOf(timeline)).toEqual([
      "card_approved",
      "card_captured",
      "card_refunded",
      "created",
      "event_appended",
    ]);
    expect(timeline.data[1]).toEqual({
      kind: "card_captured",
      at: expect.stringMatching(/\.\d{3}Z$/),
      transaction_id: body.transaction.id,
      event_id: body.events[1].event_id,
      network_transaction_id: "nt-1",
      amount: 5_000,
      currency: "USD",
    });
    const voided = { story: "voided", amount: 100, network_transaction_id: "nt-3" };
    await client.post("/sandbox/transactions", voided);
    await client.capture(id, 100, { network_transaction_id: "nt-3" });
    const kinds = kindsOf(await timelineWith(client, id, 8));
    expect(kinds.slice(5)).toEqual(["card_approved", "card_voided", "event_appended"]);
  });

  it("remains after an order is deleted, and continues with one of the same ID", async () => {
    const client = await newPartner();
    await client.createOrder({ id: "o" });
    expectStatus(await client.delete("/v2/orders/o"), 204);
    expect(kindsOf(await timelineWith(client, "o", 2))).toEqual(["created", "deleted"]);
    await client.createOrder({ id: "o", total_order_amount: 7 });
    const timeline = await timelineWith(client, "o", 3);
    expect(timeline).toMatchObject({ figures: { ordered: 7 }, has_more: false });
  });

  it("returns 404 for an unknown order and for another partner's", async () => {
    const [client, other] = [await newPartner(), await newPartner()];
    await other.createOrder({ id: "o" });
    for (const id of ["o", "never"]) {
      expect(refusalOf(await client.get(path(id)))).toEqual({
        status: 404,
        type: "ORDER_NOT_FOUND_ERROR",
        param: "order_id",
      });
    }
  });

  it("is empty after a reset", async () => {
    const client = await newPartner();
    await client.createOrder({ id: "o" });
    expectStatus(await client.post("/sandbox/reset"), 204);
    expectStatus(await client.get(path("o")), 404);
    await client.createOrder({ id: "o" });
    expect(kindsOf(await timelineWith(client, "o", 1))).toEqual(["created"]);
  });
});

const change = (version: number, request_id: string): PastChange => ({
  version,
  change: version === 1 ? "CREATED" : "EVENT_APPENDED",
  order_event_id: version === 1 ? null : `e-${version}`,
  request_id,
  changed_at: "2026-01-15T09:30:00Z",
  total_order_amount: 1,
  total_rewards_amount: 0,
  captured_amount: 0,
  refunded_amount: 0,
  captured_rewards_amount: 0,
  refunded_rewards_amount: 0,
});
const request = (at: string, request_id: string, version_after: number | null) => ({
  method: "POST",
  at: `2026-01-15T09:30:00.${at}Z`,
  request_id,
  version_after,
});

describe("the order of a timeline", () => {
  it("follows the versions if requests overtake each other", () => {
    const entries = timelineOf({
      changes: [change(1, "a"), change(2, "b"), change(3, "c")],
      requests: [request("100", "a", 1), request("200", "c", 3), request("300", "b", 2)],
    });
    expect(entries.map(({ version }) => version)).toEqual([1, 2, 3]);
  });

  it("puts a card event between the requests, and leaves it out of a page that starts later", () => {
    const card = (at: string) => ({
      transaction_id: "t-1",
      event_id: `e-${at}`,
      version: 1,
      status: "CAPTURED" as const,
      amount: 1,
      currency: "USD",
      network_transaction_id: "nt-1",
      created_at: `2026-01-15T09:30:00.${at}Z`,
    });
    const parts = {
      changes: [change(2, "a"), change(3, "b")],
      requests: [request("200", "a", 2), request("400", "b", 3)],
      cardEvents: [card("100"), card("200"), card("300")],
    };
    const kinds = timelineOf({ ...parts, previous: change(1, "before") }).map(({ kind }) => kind);
    const [appended, captured] = ["event_appended", "card_captured"];
    expect(kinds).toEqual([captured, appended, captured, appended]);
    expect(timelineOf(parts)).toHaveLength(5);
  });

  it("distinguishes requests with the same ID", () => {
    const entries = timelineOf({
      changes: [change(1, "same")],
      requests: [request("100", "same", 1), request("200", "same", null)],
    });
    expect(entries.map(({ kind }) => kind)).toEqual(["created", "replayed"]);
  });

  it("leaves out an event's type and amount if the sums before it are unknown", () => {
    const captured = { ...change(2, "b"), captured_amount: 7 };
    const [unknown] = timelineOf({ changes: [captured], requests: [] });
    expect(unknown).not.toHaveProperty("amount");
    const [known] = timelineOf({
      changes: [captured],
      requests: [],
      previous: change(1, "a"),
    });
    expect(known).toMatchObject({ type: "CAPTURED", amount: 7, rewards_amount: 0 });
    const [free] = timelineOf({
      changes: [change(2, "b")],
      requests: [],
      previous: change(1, "a"),
    });
    expect(free).toMatchObject({ amount: 0, rewards_amount: 0 });
    expect(free).not.toHaveProperty("type");
  });
});
