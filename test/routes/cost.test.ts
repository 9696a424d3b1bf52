import { beforeAll, describe, expect, it } from "vitest";
import { costOf, expectStatus, newPartner, type Client } from "../support/client.ts";

/** What finding the key costs, in every request. */
const KEY = { queries: 1, rows_read: 1 };
const EVENTS = 60;
/** Rows that no filter asks for, and so none may read. */
const OTHERS = 300;

let client: Client;
let orderIds: string[];
beforeAll(async () => {
  client = await newPartner();
  orderIds = [];
  // Every third row is of the order, the transaction and the partner's id that the filters ask for.
  for (let index = 0; index < EVENTS; index += 1) {
    orderIds.push(await client.createOrder({ partner_order_id: `po-${index % 3}` }));
    await client.capture(orderIds[index % 3]!, 1, {
      order_event_id: `event-${index}`,
      partner_event_id: `pe-${index}`,
      network_transaction_id: `nt-${index % 3}`,
    });
  }
  const other = { partner_order_id: "other" };
  const rest = await client.createOrder(other);
  await Promise.all(Array.from({ length: OTHERS }, () => client.createOrder(other)));
  for (let sent = 0; sent < OTHERS; sent += 100) {
    await Promise.all(
      Array.from({ length: 100 }, () =>
        client.capture(rest, 1, { network_transaction_id: "other" }),
      ),
    );
  }
});

describe("a list", () => {
  it.each([
    ["/v2/orders?limit=10", 10, 10],
    ["/v2/orders?limit=10&starting_after=ORDER", 10, 10],
    ["/v2/orders?id=ORDER", 1, 1],
    ["/v2/orders?partner_order_id=po-1&limit=5", 5, 20],
    ["/v2/orders?partner_order_id=po-1&limit=5&starting_after=ORDER", 5, 20],
    ["/v2/orders?partner_order_id=po-1&id=ORDER", 1, 1],
    ["/v2/order_events?limit=10", 10, 10],
    ["/v2/order_events?limit=10&starting_after=event-40", 10, 10],
    ["/v2/order_events?order_event_id=event-1", 1, 1],
    ["/v2/order_events?partner_event_id=pe-1", 1, 1],
    ["/v2/order_events?order_id=FIRST&limit=5", 5, 5],
    ["/v2/order_events?order_id=FIRST&limit=5&starting_after=event-40", 5, 5],
    ["/v2/order_events?network_transaction_id=nt-1&limit=5", 5, 20],
    ["/v2/order_events?network_transaction_id=nt-1&order_event_id=event-1", 1, 1],
    ["/v2/order_events?network_transaction_id=nt-0&order_id=FIRST&limit=5", 5, 40],
  ])("%s is one round trip, and reads what it answers", async (path, items, counted) => {
    const query = path.replace("ORDER", orderIds[40]!).replace("FIRST", orderIds[0]!);
    const answer = expectStatus(await client.get(query), 200);
    expect(answer.body.data).toHaveLength(items);
    const { queries, rows_read, rows_written } = costOf(answer);
    expect({ queries, rows_written }).toEqual({ queries: KEY.queries + 1, rows_written: 0 });
    // Each item by its filter's index, itself and its lines' end; the one more that tells of a next
    // page; the rows counted where no count is kept; the cursor, twice; the total.
    expect(rows_read - KEY.rows_read).toBeLessThanOrEqual(3 * (items + 1) + counted + 3);
  });
});

describe("a write", () => {
  it("of an event is one round trip, and writes a row for each table and index entry", async () => {
    const order_lines = [{ name: "x", quantity: 2, rate: 5, rewards_rate: 0 }];
    const answer = await client.capture(orderIds[0]!, 10, {
      order_lines,
      partner_event_id: "pe-cost",
    });
    // The event and its four indexes, its line, the order, the partner's count, the change.
    expect(costOf(answer)).toEqual({ queries: 2, rows_read: expect.any(Number), rows_written: 9 });
    expect(costOf(answer).rows_read - KEY.rows_read).toBeLessThanOrEqual(8);
  });

  it("of an order is one round trip, and writes a row for each table and index entry", async () => {
    const order_lines = [{ name: "x", quantity: 2, rate: 5, rewards_rate: 0 }];
    const answer = await client.post("/v2/orders", {
      payment_method_id: "pm",
      partner_order_id: "po",
      total_order_amount: 10,
      order_lines,
    });
    // The order and its two indexes, its line, the partner's count, the change.
    expect(costOf(answer)).toEqual({ queries: 2, rows_read: expect.any(Number), rows_written: 6 });
  });
});
