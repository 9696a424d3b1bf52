import { createScheduledController, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import worker from "../../src/index.ts";
import {
  costOf,
  eventBody,
  expectStatus,
  newPartner,
  type ApiResponse,
  type Client,
  type Cost,
} from "../support/client.ts";
import { loadOrders, SHARED } from "../support/load.ts";

/*
 * The cost of each operation in D1, with a thousand and with a hundred thousand orders. Each order and event
 * has one line. The first SHARED orders share a partner_order_id, and the first SHARED events share an order
 * and a transaction. No other two share a value.
 */
const SIZES = [1_000, 100_000];
const clients = new Map<number, Client>();

beforeAll(async () => {
  for (const size of SIZES) {
    const client = await newPartner();
    await loadOrders(client.datasetId, size);
    // Caches the key, so that it costs nothing from here on.
    expectStatus(await client.get("/v2/orders"), 200);
    clients.set(size, client);
  }
  // Rows after theirs: at the end of a table, SQLite reads no row past the last line.
  await loadOrders((await newPartner()).datasetId, 10);
});

/** A read of `items` items with their lines may cost 2 × the rows it returns + 5, plus the `counted` rows. */
function expectRead(response: ApiResponse, items: number, counted = 0): Cost {
  expectStatus(response, 200);
  expect(response.body.data).toHaveLength(items);
  const cost = costOf(response);
  const returned = 2 * items;
  expect(cost).toMatchObject({ queries: 1, rows_written: 0 });
  expect(cost.rows_read).toBeLessThanOrEqual(2 * returned + 5 + counted);
  return cost;
}

/** Measures the cost at each size, and expects it to be the same. */
async function expectSame(measure: (client: Client, size: number) => Promise<Cost>) {
  const costs = [];
  for (const [size, client] of clients) costs.push(await measure(client, size));
  expect(costs[1]).toEqual(costs[0]);
  return costs[0]!;
}

describe("a read by ID", () => {
  it.each([
    "orders?id=o-7",
    "order_events?order_event_id=e-7",
    "order_events?partner_event_id=pe-7",
  ])("of /v2/%s reads its row, its line and its environment", async (path) => {
    const cost = await expectSame(async (client) => expectRead(await client.get(`/v2/${path}`), 1));
    // Plus the row after the line, where SQLite sees that the lines have ended.
    expect(cost.rows_read).toBe(4);
  });
});

/** Filters whose total is counted in the filter's own index. */
const COUNTED = /partner_order_id|network_transaction_id/;
const countedBy = (path: string) => (COUNTED.test(path) ? SHARED + 1 : 0);

const idOf = (item: { id?: string; order_event_id?: string }) => item.id ?? item.order_event_id;

describe("a page", () => {
  it.each([1, 10, 100])(
    "of %i items reads only the rows it returns, in any list at any depth",
    async (limit) => {
      for (const path of [
        "orders?",
        "orders?starting_after=o-500",
        "orders?starting_after=o-150&partner_order_id=po-shared",
        "orders?partner_order_id=po-shared",
        "order_events?",
        "order_events?starting_after=e-500",
        "order_events?order_id=o-1",
        "order_events?order_id=o-1&starting_after=e-150",
        "order_events?network_transaction_id=nt-shared",
        "order_events?network_transaction_id=nt-shared&starting_after=e-150",
      ]) {
        const query = `/v2/${path}&limit=${limit}`;
        await expectSame(async (client) =>
          expectRead(await client.get(query), limit, countedBy(path)),
        );
      }
    },
  );

  it("reports the total and the end", async () => {
    for (const client of clients.values()) {
      for (const path of [
        "orders?partner_order_id=po-shared",
        "order_events?network_transaction_id=nt-shared",
        "order_events?order_id=o-1",
      ]) {
        const first = (await client.get(`/v2/${path}&limit=100`)).body;
        expect([first.total, first.has_more]).toEqual([SHARED, true]);
        const last = (
          await client.get(`/v2/${path}&limit=100&starting_after=${idOf(first.data[99])}`)
        ).body;
        expect([last.total, last.has_more]).toEqual([SHARED, false]);
      }
    }
  });
});

describe("a write", () => {
  const lines = { order_lines: [{ name: "x", quantity: 1, rate: 1, rewards_rate: 0 }] };
  const event = (name: string) =>
    eventBody({
      order_id: "o-9",
      amount: 1,
      partner_event_id: name,
      network_transaction_id: name,
      ...lines,
    });

  it("of an event takes one round trip with a warm ledger, two with a cold one", async () => {
    const warm = await expectSame(async (client, size) => {
      expectStatus(await client.post("/v2/order_events", event("first")), 200);
      return costOf(
        expectStatus(await client.post("/v2/order_events", event(`warm-${size}`)), 200),
      );
    });
    // The event and its five index entries, its line, the order, the environment's count, the change, and the
    // sums of its card transaction with their index entry.
    expect(warm).toMatchObject({ queries: 1, rows_written: 12 });
    expect(warm.rows_read).toBeLessThanOrEqual(11);

    const cold = await expectSame(async (client, size) => {
      await evictDurableObject(env.ORDER_LEDGER.getByName(`${client.environmentId}:o-9`));
      return costOf(
        expectStatus(await client.post("/v2/order_events", event(`cold-${size}`)), 200),
      );
    });
    expect(cold).toMatchObject({ queries: 2, rows_written: 12 });
    // Plus the order's row, which the ledger loads, and its environment's, as in each round trip.
    expect(cold.rows_read).toBe(warm.rows_read + 2);
  });

  it("of an order takes one round trip", async () => {
    const cost = await expectSame(async (client, size) => {
      const order = {
        payment_method_id: "pm",
        partner_order_id: `po-new-${size}`,
        total_order_amount: 1,
      };
      return costOf(expectStatus(await client.post("/v2/orders", { ...order, ...lines }), 200));
    });
    // The order and its two index entries, its line, the environment's count, the change.
    expect(cost).toMatchObject({ queries: 1, rows_written: 6 });
  });

  it("with an Idempotency-Key also costs the record and its index entry", async () => {
    const cost = await expectSame(async (client) => {
      const headers = { "Idempotency-Key": "cost" };
      return costOf(
        expectStatus(await client.post("/v2/order_events", event("keyed"), headers), 200),
      );
    });
    expect(cost).toMatchObject({ queries: 1, rows_written: 14 });
    expect(cost.rows_read).toBeLessThanOrEqual(11);
  });
});

describe("a change, after the hourly refresh of statistics", () => {
  beforeAll(async () => {
    await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
  });

  it("costs the same at any size, for a replacement and both deletions", async () => {
    const costs = await expectSame(async (client) => {
      const order = { payment_method_id: "pm", partner_order_id: "po-n", total_order_amount: 1 };
      const id = await client.createOrder({ ...order, id: "n" });
      const event = eventBody({ order_id: id, order_event_id: "n", network_transaction_id: "n" });
      expectStatus(await client.post("/v2/order_events", event), 200);
      const replaced = expectStatus(await client.put(`/v2/orders/${id}`, order), 200);
      const eventDeleted = expectStatus(await client.delete("/v2/order_events/n"), 204);
      const orderDeleted = expectStatus(await client.delete(`/v2/orders/${id}`), 204);
      for (const response of [replaced, eventDeleted, orderDeleted]) {
        expect(costOf(response).rows_read).toBeLessThanOrEqual(20);
      }
      return costOf(orderDeleted);
    });
    expect(costs.queries).toBe(1);
  });

  it("leaves the cost of reads unchanged", async () => {
    for (const path of [
      "orders?",
      "order_events?order_id=o-1",
      "orders?partner_order_id=po-shared",
    ]) {
      const query = `/v2/${path}&limit=10&starting_after=${path.includes("events") ? "e-150" : "o-150"}`;
      await expectSame(async (client) => expectRead(await client.get(query), 10, countedBy(path)));
    }
  });
});

describe("a change among many rows that share a value", () => {
  /** The number of orders with one partner_order_id. At most 20,000 events share an order. */
  const COUNTS = [10, 1_000, 100_000];
  const many = new Map<number, Client>();

  beforeAll(async () => {
    for (const count of COUNTS) {
      const client = await newPartner();
      const shared = { sharedOrders: count, sharedEvents: 20_000 };
      await loadOrders(client.datasetId, count, shared);
      expectStatus(await client.get("/v2/orders"), 200);
      many.set(count, client);
    }
    await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
  });

  const order = { payment_method_id: "pm", partner_order_id: "po-other", total_order_amount: 1 };

  it.each([
    ["PUT that changes partner_order_id", 200, (each: Client) => each.put("/v2/orders/o-3", order)],
    ["DELETE of the oldest event", 204, (each: Client) => each.delete("/v2/order_events/e-1")],
    ["DELETE of the oldest order", 204, (each: Client) => each.delete("/v2/orders/o-2")],
  ])("%s writes as many rows as among ten", async (_, status, change) => {
    const costs = [];
    for (const client of many.values())
      costs.push(costOf(expectStatus(await change(client), status)));
    for (const { rows_read, rows_written } of costs) {
      expect(rows_written).toBe(costs[0]!.rows_written);
      expect(rows_written).toBeLessThanOrEqual(12);
      expect(rows_read).toBeLessThanOrEqual(40);
    }
  });
});

it("a repeated event costs the rejected batch and a read of the stored event", async () => {
  for (const client of clients.values()) {
    const body = eventBody({ order_id: "o-11", amount: 1, order_event_id: "repeated" });
    expectStatus(await client.post("/v2/order_events", body), 200);
    const response = expectStatus(await client.post("/v2/order_events", body), 200);
    expect(response.headers.get("Idempotent-Replayed")).toBe("true");
    expect(costOf(response)).toMatchObject({ queries: 2, rows_written: 0 });
  }
});

it.each([
  { transaction: "nt-shared", found: SHARED, most: SHARED + 60 },
  { transaction: "none", found: 0, most: SHARED + 5 },
])("two filters that find $found read the index of the more selective one", async (by) => {
  const query = `/v2/order_events?order_id=o-1&network_transaction_id=${by.transaction}&limit=10`;
  for (const client of clients.values()) {
    const response = expectStatus(await client.get(query), 200);
    expect(response.body.total).toBe(by.found);
    const { queries, rows_read } = costOf(response);
    expect(queries).toBe(1);
    expect(rows_read).toBeLessThanOrEqual(by.most);
  }
});

it("a simulated event costs more only with webhooks: one row, no round trip, one workbench", async () => {
  const client = await newPartner();
  const getWorkbench = vi.spyOn(env.WORKBENCH, "getByName");
  onTestFinished(() => getWorkbench.mockRestore());
  const event = { payment_method_id: "pm-1", status: "CAPTURED", amount: 400 };
  const simulate = async () => {
    expectStatus(await client.get("/v2/orders"), 200);
    // Sends the recorded requests to the workbench.
    expectStatus(await client.get("/sandbox/requests"), 200);
    getWorkbench.mockClear();
    const response = await client.post("/v2/simulate_transaction_event", event);
    const workbenches = getWorkbench.mock.calls.length;
    const { queries, rows_written } = costOf(expectStatus(response, 200));
    return { queries, rows_written, workbenches };
  };
  const before = await simulate();
  expect(before.workbenches).toBe(0);
  const { id } = expectStatus(await client.post("/sandbox/webhooks", {}), 200).body;
  // The queued notification.
  const rows_written = before.rows_written + 1;
  expect(await simulate()).toEqual({ ...before, rows_written, workbenches: 1 });
  expectStatus(await client.delete(`/sandbox/webhooks/${id}`), 204);
  expect(await simulate()).toEqual(before);
});
