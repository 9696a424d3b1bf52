import { beforeAll, describe, expect, it } from "vitest";
import {
  Client,
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
} from "../../support/client.ts";

let partner: Client;
beforeAll(async () => {
  partner = await newPartner();
});

/** An environment that assumes this about production. */
async function assuming(assume: object): Promise<Client> {
  const { body } = expectStatus(await partner.post("/sandbox/environments", { assume }), 200);
  expect(body.assume).toMatchObject(assume);
  const { partnerId, datasetId } = partner;
  return new Client({ partnerId, datasetId, environmentId: body.id }, body.key);
}

const orderOne = orderBody({ id: "order-1" });
const eventOne = eventBody({ order_id: "order-1", order_event_id: "event-1" });

describe("duplicate_ids: conflict", () => {
  it.each([
    ["/v2/orders", orderOne, "id"],
    ["/v2/order_events", eventOne, "order_event_id"],
    [
      "/v2/order_events",
      { ...eventOne, partner_event_id: "pe", order_event_id: undefined },
      "partner_event_id",
    ],
  ])("refuses the same content under %s again", async (path, body, param) => {
    const client = await assuming({ duplicate_ids: "conflict" });
    if (path !== "/v2/orders") await client.createOrder({ id: "order-1" });
    expectStatus(await client.post(path, body), 200);
    expect(refusalOf(await client.post(path, body))).toEqual({
      status: 409,
      type: "CONFLICT_ERROR",
      param,
      details: { differing_fields: [] },
    });
    expectStatus(await client.post(path, { ...body, [param]: "another" }), 200);
  });

  it("still repeats a response by its Idempotency-Key", async () => {
    const client = await assuming({ duplicate_ids: "conflict" });
    const key = { "Idempotency-Key": "key-1" };
    expectStatus(await client.post("/v2/orders", orderOne, key), 200);
    const repeated = expectStatus(await client.post("/v2/orders", orderOne, key), 200);
    expect(repeated.headers.get("Idempotent-Replayed")).toBe("true");
  });
});

describe("idempotency_key: ignored", () => {
  it("creates another order or event under the same key, and warns", async () => {
    const client = await assuming({ idempotency_key: "ignored" });
    const key = { "Idempotency-Key": "key-1" };
    const one = expectStatus(await client.post("/v2/orders", orderBody(), key), 200);
    const other = expectStatus(await client.post("/v2/orders", orderBody(), key), 200);
    expect(other.body.id).not.toBe(one.body.id);
    expect(other.headers.get("Sandbox-Warnings")).toContain("not_repeatable");
    const event = eventBody({ order_id: one.body.id });
    const first = expectStatus(await client.post("/v2/order_events", event, key), 200);
    const second = expectStatus(await client.post("/v2/order_events", event, key), 200);
    expect(second.body.order_event_id).not.toBe(first.body.order_event_id);
  });
});

describe("refund_beyond_captured: accepted", () => {
  it("accepts the refund with a warning, and any deletion", async () => {
    const client = await assuming({ refund_beyond_captured: "accepted" });
    const id = await client.createOrder();
    const { body } = expectStatus(await client.capture(id, 100), 200);
    const refund = expectStatus(await client.refund(id, 150, { rewards_amount: 5 }), 200);
    expect(refund.headers.get("Sandbox-Warnings")).toBe(
      'refunded_beyond_captured;param="amount", refunded_beyond_captured;param="rewards_amount", not_repeatable',
    );
    const { figures } = (await client.get(`/sandbox/orders/${id}/timeline`)).body;
    expect(figures).toMatchObject({ captured: 100, refunded: 150, refundable: -50 });
    expectStatus(await client.delete(`/v2/order_events/${body.order_event_id}`), 204);
  });

  it("is restored by a reset, and known to a ledger that remembers the order", async () => {
    const client = await assuming({ refund_beyond_captured: "accepted" });
    expectStatus(await client.post("/sandbox/reset"), 204);
    const id = await client.createOrder();
    for (let count = 0; count < 3; count += 1) expectStatus(await client.refund(id, 10), 200);
  });
});

it("changes nothing in other environments, and rejects other values", async () => {
  await assuming({ refund_beyond_captured: "accepted", duplicate_ids: "conflict" });
  const client = await assuming({});
  const id = await client.createOrder({ id: "order-1" });
  expectStatus(await client.post("/v2/orders", orderOne), 200);
  expectStatus(await client.refund(id, 1), 409);
  const wrong = await partner.post("/sandbox/environments", { assume: { duplicate_ids: "maybe" } });
  expect(refusalOf(wrong)).toMatchObject({ status: 400, param: "assume.duplicate_ids" });
});
