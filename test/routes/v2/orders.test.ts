import { beforeAll, describe, expect, it } from "vitest";
import type { OrderLine } from "../../../src/domain/order-lines.ts";
import type { Address, OrderInput } from "../../../src/domain/orders.ts";
import {
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  withoutIds,
  type Client,
} from "../../support/client.ts";

let a: Client;
let b: Client;
beforeAll(async () => {
  a = await newPartner();
  b = await newPartner();
});

const FULL_ADDRESS = {
  street_line1: "1 High St",
  street_line2: "Apt 4B",
  city: "Springfield",
  state: "IL",
  postal_code: "62701",
  country: "USA",
} satisfies Required<Address>;

const FULL_LINE = {
  name: "Oak table",
  product_url: "shop.example/oak",
  quantity: 2,
  rate: 500,
  rewards_rate: 5,
} satisfies Required<OrderLine>;

/** An order with every field. */
const FULL_ORDER = {
  id: "order-full",
  customer_id: "c-1",
  payment_method_id: "pm-1",
  partner_order_id: "po-full",
  merchant_id: "m-1",
  merchant_name: "Möbel & Söhne",
  merchant_address: [FULL_ADDRESS, {}],
  order_lines: [FULL_LINE, { name: "Voucher", quantity: 1, rate: -100, rewards_rate: -1 }],
  total_order_amount: 900,
  total_rewards_amount: 9,
  currency: "EUR",
  created_at: "2025-02-13T19:08:07Z",
  updated_at: "2025-02-14T19:08:07.25Z",
} satisfies Required<OrderInput>;

describe("POST /v2/orders", () => {
  it("stores and returns every field as sent", async () => {
    const created = expectStatus(await a.post("/v2/orders", FULL_ORDER), 200);
    expect(created.body).toEqual(FULL_ORDER);
    const listed = expectStatus(await a.get("/v2/orders?id=order-full"), 200);
    expect(listed.body).toEqual({ data: [FULL_ORDER], has_more: false, total: 1 });
  });

  it("fills in the defaults, and leaves out fields without a value", async () => {
    const { body } = expectStatus(await a.post("/v2/orders", orderBody()), 200);
    expect(body).toEqual({
      ...orderBody(),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      total_rewards_amount: 0,
      currency: "USD",
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      updated_at: body.created_at,
    });
  });

  it("sums the rewards of the lines if the total is left out", async () => {
    const order_lines = [{ name: "x", quantity: 3, rate: 5, rewards_rate: 2 }];
    const { body } = await a.post("/v2/orders", orderBody({ order_lines, total_order_amount: 15 }));
    expect(body.total_rewards_amount).toBe(6);
  });

  it("treats null as absent where the contract allows it, and an empty list of lines as none", async () => {
    const nulls = { merchant_id: null, merchant_name: null, created_at: null, updated_at: null };
    const { body } = expectStatus(
      await a.post("/v2/orders", orderBody({ ...nulls, order_lines: [] })),
      200,
    );
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(["merchant_id"]));
    expect(body).not.toHaveProperty("order_lines");
    const refused = await a.post("/v2/orders", orderBody({ customer_id: null }));
    expect(refusalOf(refused)).toMatchObject({ status: 400, param: "customer_id" });
  });

  it("keeps the order of a thousand lines", async () => {
    const order_lines = Array.from({ length: 1000 }, (_, index) => ({
      name: `Line ${index}`,
      quantity: 1,
      rate: index,
      rewards_rate: 0,
    }));
    const id = await a.createOrder({ order_lines, total_order_amount: 499_500 });
    const { body } = await a.get(`/v2/orders?id=${id}`);
    expect(body.data[0].order_lines).toEqual(order_lines);
  });

  it("ignores unknown fields", async () => {
    const { body } = expectStatus(await a.post("/v2/orders", orderBody({ colour: "red" })), 200);
    expect(body).not.toHaveProperty("colour");
  });

  it("replays the same order, and rejects different content under its ID", async () => {
    const id = await a.createOrder();
    const again = expectStatus(await a.post("/v2/orders", orderBody({ id })), 200);
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
    const other = await a.post("/v2/orders", orderBody({ id, total_order_amount: 1 }));
    expect(refusalOf(other)).toEqual({
      status: 409,
      type: "CONFLICT_ERROR",
      param: "id",
      details: { differing_fields: ["total_order_amount"] },
    });
  });

  it.each([
    ["a missing field", { payment_method_id: undefined }, "payment_method_id"],
    ["a wrong type", { total_order_amount: "5" }, "total_order_amount"],
    ["a fraction", { total_order_amount: 0.5 }, "total_order_amount"],
    ["a negative amount", { total_order_amount: -1 }, "total_order_amount"],
    ["an amount beyond 2^53 − 1", { total_order_amount: 2 ** 53 }, "total_order_amount"],
    ["an ID with a space", { id: "a b" }, "id"],
    ["an ID of 256 characters", { id: "x".repeat(256) }, "id"],
    ["an unknown currency", { currency: "ABC" }, "currency"],
    ["a currency in small letters", { currency: "usd" }, "currency"],
    ["a day that does not exist", { created_at: "2025-02-30T00:00:00Z" }, "created_at"],
    ["half a surrogate pair", { merchant_name: "\ud800" }, "merchant_name"],
    [
      "a country of two letters",
      { merchant_address: [{}, { country: "US" }] },
      "merchant_address[1].country",
    ],
    [
      "a quantity of 0",
      { order_lines: [{ name: "x", quantity: 0, rate: 1, rewards_rate: 1 }] },
      "order_lines[0].quantity",
    ],
    [
      "more than 1,000 lines",
      {
        order_lines: Array.from({ length: 1001 }, () => ({
          name: "x",
          quantity: 1,
          rate: 0,
          rewards_rate: 0,
        })),
      },
      "order_lines",
    ],
    [
      "lines that don't add up",
      { order_lines: [{ name: "x", quantity: 2, rate: 1, rewards_rate: 0 }] },
      "total_order_amount",
    ],
    [
      "lines whose rewards don't add up",
      {
        order_lines: [{ name: "x", quantity: 2, rate: 5000, rewards_rate: 1 }],
        total_rewards_amount: 3,
      },
      "total_rewards_amount",
    ],
  ])("rejects %s, and names the field", async (_, fields, param) => {
    const response = await a.post("/v2/orders", orderBody(fields));
    expect(refusalOf(response)).toMatchObject({
      status: 400,
      type: "INVALID_REQUEST_ERROR",
      param,
    });
    expect(response.body.error.message).toMatch(/Expected .+, but (received .+|it is missing)/);
  });

  it("lists every violation", async () => {
    const response = await a.post("/v2/orders", { id: "", total_order_amount: 1.5 });
    expect(response.body.error.violations.map((each: { param: string }) => each.param)).toEqual([
      "id",
      "payment_method_id",
      "partner_order_id",
      "total_order_amount",
    ]);
    expect(response.body.error.message).toMatch(/^id: Expected .+ \(and 3 more violations\)$/);
    expect(response.body.error).not.toHaveProperty("details");
  });

  it("keeps an equal ID of two partners separate", async () => {
    const line = { name: "of A", quantity: 1, rate: 1, rewards_rate: 0 };
    await a.createOrder({ id: "shared", total_order_amount: 1, order_lines: [line] });
    await b.createOrder({
      id: "shared",
      total_order_amount: 2,
      order_lines: [{ ...line, name: "of B", rate: 2 }],
    });
    const ofA = await a.get("/v2/orders?id=shared");
    const ofB = await b.get("/v2/orders?id=shared");
    expect(ofA.body.data[0].order_lines).toEqual([line]);
    expect([ofA.body.data[0].total_order_amount, ofB.body.data[0].total_order_amount]).toEqual([
      1, 2,
    ]);
  });
});

describe("GET /v2/orders", () => {
  it("filters by both IDs, and returns an empty list if nothing matches", async () => {
    const id = await a.createOrder({ partner_order_id: "po-filter" });
    const other = await a.createOrder({ partner_order_id: "po-filter" });
    const both = await a.get("/v2/orders?partner_order_id=po-filter");
    expect(both.body.data.map((each: { id: string }) => each.id)).toEqual([other, id]);
    expect(both.body.total).toBe(2);
    const one = await a.get(`/v2/orders?partner_order_id=po-filter&id=${id}`);
    expect(one.body.data).toHaveLength(1);
    const none = await a.get(`/v2/orders?partner_order_id=po-else&id=${id}`);
    expect(none.body).toEqual({ data: [], has_more: false, total: 0 });
  });

  it("returns the ETag of a single order", async () => {
    const id = await a.createOrder();
    expect((await a.get(`/v2/orders?id=${id}`)).headers.get("ETag")).toBe('"1"');
    expect((await a.get("/v2/orders")).headers.has("ETag")).toBe(false);
  });

  it.each(["id=", "id=a&id=b"])("rejects %s", async (query) => {
    expect(refusalOf(await a.get(`/v2/orders?${query}`))).toMatchObject({
      status: 400,
      param: "id",
    });
  });

  it("shows no data of another partner, and rejects its IDs as cursors", async () => {
    const id = await a.createOrder();
    expect((await b.get(`/v2/orders?id=${id}`)).body).toEqual({
      data: [],
      has_more: false,
      total: 0,
    });
    const foreign = await b.get(`/v2/orders?starting_after=${id}`);
    expect(refusalOf(foreign)).toMatchObject({ status: 400, param: "starting_after" });
  });
});

describe("PUT /v2/orders/{order_id}", () => {
  it("clears the fields that are left out, except created_at", async () => {
    await a.post("/v2/orders", { ...FULL_ORDER, id: "order-put" });
    const replaced = expectStatus(await a.put("/v2/orders/order-put", orderBody()), 200);
    expect(replaced.body).toEqual({
      ...orderBody(),
      id: "order-put",
      total_rewards_amount: 0,
      currency: "USD",
      created_at: FULL_ORDER.created_at,
      updated_at: expect.not.stringMatching(FULL_ORDER.updated_at),
    });
    expect((await a.get("/v2/orders?id=order-put")).body.data).toEqual([replaced.body]);
  });

  it("replaces the lines", async () => {
    const line = { name: "x", quantity: 1, rate: 10_000, rewards_rate: 0 };
    const id = await a.createOrder({ order_lines: [line] });
    const order_lines = [
      { ...line, name: "y", rate: 4000 },
      { ...line, name: "z", rate: 6000 },
    ];
    await a.put(`/v2/orders/${id}`, orderBody({ order_lines }));
    expect((await a.get(`/v2/orders?id=${id}`)).body.data[0].order_lines).toEqual(order_lines);
  });

  it("rejects another ID in the body", async () => {
    const id = await a.createOrder();
    const response = await a.put(`/v2/orders/${id}`, orderBody({ id: "another" }));
    expect(refusalOf(response)).toMatchObject({ status: 400, param: "id" });
  });

  it("rejects another currency once the order has events", async () => {
    const id = await a.createOrder();
    const { order_event_id } = (await a.capture(id, 100)).body;
    const response = await a.put(`/v2/orders/${id}`, orderBody({ currency: "EUR" }));
    expect(refusalOf(response)).toEqual({
      status: 409,
      type: "CONFLICT_ERROR",
      param: "currency",
      details: { currency: "USD", requested: "EUR", events: 1, order_event_ids: [order_event_id] },
    });
    expectStatus(await a.put(`/v2/orders/${id}`, orderBody({ total_order_amount: 1 })), 200);
  });

  it("honors If-Match", async () => {
    const id = await a.createOrder();
    const first = { "If-Match": '"1"' };
    expectStatus(await a.put(`/v2/orders/${id}`, orderBody(), first), 200);
    const stale = await a.put(`/v2/orders/${id}`, orderBody(), first);
    expect(refusalOf(stale)).toEqual({
      status: 412,
      type: "PRECONDITION_FAILED_ERROR",
      details: { current: '"2"' },
    });
    for (const tags of ['"1", "2"', "*"]) {
      const response = await a.put(`/v2/orders/${id}`, orderBody(), { "If-Match": tags });
      expectStatus(response, 200);
    }
    expectStatus(await a.put(`/v2/orders/${id}`, orderBody(), { "If-Match": 'W/"4"' }), 412);
  });
});

describe("DELETE /v2/orders/{order_id}", () => {
  it("deletes the order with its lines, and frees its ID", async () => {
    const order_lines = [{ name: "x", quantity: 1, rate: 10_000, rewards_rate: 0 }];
    const id = await a.createOrder({ order_lines });
    const deleted = expectStatus(await a.delete(`/v2/orders/${id}`), 204);
    expect(deleted.text).toBe("");
    expect((await a.get(`/v2/orders?id=${id}`)).body.data).toEqual([]);
    expectStatus(await a.delete(`/v2/orders/${id}`), 404);
    const again = expectStatus(await a.post("/v2/orders", orderBody({ id })), 200);
    expect(again.headers.has("Idempotent-Replayed")).toBe(false);
    // Versions continue, so that an ETag of the deleted order can't match this one.
    expect(again.headers.get("ETag")).toBe('"3"');
  });

  it("rejects the deletion while the order has events, with the figures", async () => {
    const id = await a.createOrder();
    const event = await a.capture(id, 700);
    expect(refusalOf(await a.delete(`/v2/orders/${id}`))).toEqual({
      status: 409,
      type: "CONFLICT_ERROR",
      details: {
        events: 1,
        captured: 700,
        refunded: 0,
        refundable: 700,
        order_event_ids: [event.body.order_event_id],
      },
    });
    await a.delete(`/v2/order_events/${event.body.order_event_id}`);
    expectStatus(await a.delete(`/v2/orders/${id}`), 204);
  });

  it("advises a refund of captured money, and names the deletion only for mistakes", async () => {
    const id = await a.createOrder();
    await a.capture(id, 700);
    expect((await a.delete(`/v2/orders/${id}`)).body.error.message).toBe(
      "The order has 1 event. To cancel it, report a refund of the 700 that can still be refunded; the order stays. Delete the event only if it was reported by mistake.",
    );
    await a.refund(id, 700);
    expect((await a.delete(`/v2/orders/${id}`)).body.error.message).toBe(
      "The order has 2 events. An order with events can't be deleted. Delete the events only if they were reported by mistake.",
    );
  });

  it("honors If-Match", async () => {
    const id = await a.createOrder();
    expectStatus(await a.delete(`/v2/orders/${id}`, { "If-Match": '"2"' }), 412);
    expectStatus(await a.delete(`/v2/orders/${id}`, { "If-Match": '"1"' }), 204);
  });
});

describe("an order of another partner", () => {
  it.each(["PUT", "DELETE"])("rejects %s like an unknown order", async (method) => {
    const id = await a.createOrder();
    const body = method === "PUT" ? orderBody() : undefined;
    const foreign = await b.send(method, `/v2/orders/${id}`, body);
    const unknown = await b.send(method, "/v2/orders/no-such-order", body);
    expect(refusalOf(foreign)).toMatchObject({ status: 404, type: "ORDER_NOT_FOUND_ERROR" });
    expect(withoutIds(foreign, id)).toBe(withoutIds(unknown, "no-such-order"));
    expect((await a.get(`/v2/orders?id=${id}`)).body.data).toHaveLength(1);
  });

  it("rejects an event", async () => {
    const id = await a.createOrder();
    const foreign = await b.capture(id, 1);
    const unknown = await b.post(
      "/v2/order_events",
      eventBody({ order_id: "no-such-order", amount: 1 }),
    );
    expect(withoutIds(foreign, id)).toBe(withoutIds(unknown, "no-such-order"));
    expectStatus(foreign, 404);
  });
});

describe("an ID", () => {
  it.each([".", ".."])("can't be %s, which no URL can contain", async (id) => {
    const client = await newPartner();
    const { error } = expectStatus(await client.post("/v2/orders", orderBody({ id })), 400).body;
    expect(error).toMatchObject({ param: "id", message: expect.stringContaining(`"${id}"`) });
    const order_id = await client.createOrder();
    for (const fields of [{ order_event_id: id }, { partner_event_id: id }]) {
      const response = await client.capture(order_id, 1, fields);
      expect(refusalOf(response)).toMatchObject({ status: 400, param: Object.keys(fields)[0] });
    }
    expectStatus(await client.capture(id, 1), 400);
    expectStatus(await client.get(`/v2/orders?id=${id}`), 400);
    const match = { order_id: id };
    expectStatus(await client.post("/sandbox/faults", { fault: "error", match }), 400);
  });

  it.each(["...", ".a", "a/b", "a/../b", "50%", "%2e", "a?b#c", "a+b", "~!@$&'()*,;=:[]", "\\"])(
    "can be %s: the order and its event can be replaced and deleted",
    async (id) => {
      const client = await newPartner();
      const path = encodeURIComponent(id);
      await client.createOrder({ id });
      expectStatus(await client.capture(id, 1, { order_event_id: id }), 200);
      expectStatus(await client.put(`/v2/orders/${path}`, orderBody()), 200);
      expectStatus(await client.delete(`/v2/order_events/${path}`), 204);
      expectStatus(await client.delete(`/v2/orders/${path}`), 204);
    },
  );
});
