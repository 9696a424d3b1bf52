import { describe, expect, it } from "vitest";
import { findUnknownNames } from "../../src/domain/unknown-names.ts";
import { acceptedNamesOf } from "../../src/schemas/accepted-names.ts";
import { orderEventInput, orderEventQuery } from "../../src/schemas/order-events.ts";
import { orderInput } from "../../src/schemas/orders.ts";

const order = acceptedNamesOf(orderInput);
const event = acceptedNamesOf(orderEventInput);

const find = (sent: unknown, known = order, most = 20) =>
  findUnknownNames("unknown_field", known, sent, most).map(({ param, did_you_mean }) =>
    did_you_mean === undefined ? param : `${param} → ${did_you_mean}`,
  );

describe("unknown names", () => {
  it("are empty if all names are known", () => {
    const line = { name: "x", product_url: null, quantity: 1, rate: 1, rewards_rate: 0 };
    expect(find({ id: "o", order_lines: [line], merchant_address: [{ city: "x" }] })).toEqual([]);
    expect(find({ order_lines: null, merchant_address: [null, "x", []] })).toEqual([]);
  });

  it.each(["text", 1, null, [], [{ a: 1 }], undefined])("are empty for %j", (sent) => {
    expect(find(sent)).toEqual([]);
  });

  it("are found at every depth, those of the outer object first", () => {
    const sent = {
      order_lines: [{ rate: 1 }, { reward_rate: 1 }, {}, { a: { b: 1 } }],
      merchant_address: [{ zip: "1", contry: "USA" }],
      total: { a: 1 },
    };
    expect(find(sent)).toEqual([
      "total",
      "merchant_address[0].zip",
      "merchant_address[0].contry → country",
      "order_lines[1].reward_rate → rewards_rate",
      "order_lines[3].a",
    ]);
  });

  it("may equal names that every object inherits", () => {
    const sent = JSON.parse('{"__proto__":1,"constructor":1,"toString":1,"hasOwnProperty":1}');
    expect(find(sent)).toEqual(["__proto__", "constructor", "toString", "hasOwnProperty"]);
    expect(find(JSON.parse('{"order_lines":[{"__proto__":{"rate":1}}]}'))).toEqual([
      "order_lines[0].__proto__",
    ]);
  });

  it("are shortened, and shown as well-formed text", () => {
    const [long] = find({ ["x".repeat(100_000)]: 1 });
    expect(long).toBe(`${"x".repeat(80)}…`);
    expect(find({ "\ud800": 1 })).toEqual(["\ufffd"]);
  });

  it("are limited in number, and found in linear time", () => {
    const many = Object.fromEntries(
      Array.from({ length: 130_000 }, (_, index) => [`k${index}`, 1]),
    );
    const lines = { order_lines: Array.from({ length: 60_000 }, () => ({ x: 1 })) };
    // Quadratic time would take minutes.
    const MAX_MILLISECONDS = 5_000;
    const before = performance.now();
    expect(find(many)).toHaveLength(20);
    expect(find(lines)).toHaveLength(20);
    expect(find({ ...lines, y: 1 })).toHaveLength(20);
    const nested = {
      fields: new Set(["a", "b"]),
      nested: [
        ["a", event],
        ["b", event],
      ],
    } as const;
    expect(find({ a: many, b: many }, nested)).toHaveLength(20);
    expect(performance.now() - before).toBeLessThan(MAX_MILLISECONDS);
  });
});

describe("the suggested name", () => {
  it.each([
    ["reward_amount", "rewards_amount"],
    ["rewards_amuont", "rewards_amount"],
    ["rewardsAmount", "rewards_amount"],
    ["networkTransactionId", "network_transaction_id"],
    ["order-event-id", "order_event_id"],
    ["Type", "type"],
    ["lines", undefined],
    ["note", undefined],
    ["[type", "type"],
    ["colour", undefined],
    ["x", undefined],
    ["", undefined],
    ["_", undefined],
  ])("%s → %s", (name, near) => {
    const found = findUnknownNames("unknown_field", event, { [name]: 1 }, 20);
    expect(found[0]?.did_you_mean).toBe(near);
  });

  it("is never a name that was also sent", () => {
    expect(find({ reward_amount: 1, rewards_amount: 1 }, event)).toEqual(["reward_amount"]);
    expect(find({ partner_orderid: 1, partner_order_id: 1 })).toEqual(["partner_orderid"]);
  });

  it("belongs to the same object", () => {
    expect(find({ quantitty: 1, order_lines: [{ quantitty: 1, total_order_amont: 1 }] })).toEqual([
      "quantitty",
      "order_lines[0].quantitty → quantity",
      "order_lines[0].total_order_amont",
    ]);
  });

  it("can be a parameter", () => {
    const query = acceptedNamesOf(orderEventQuery);
    expect(find({ orderid: "x", Limit: "5", after: "x" }, query)).toEqual([
      "orderid → order_id",
      "Limit → limit",
      "after",
    ]);
  });
});
