import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import worker from "../../src/index.ts";
import {
  costOf,
  expectStatus,
  newPartner,
  type ApiResponse,
  type Client,
  type Cost,
} from "../support/client.ts";
import { loadOrders, loadTransactions, SHARED } from "../support/load.ts";

// The cost of the card side in D1, with a thousand and with a hundred thousand transactions.
const SIZES = [1_000, 100_000];
const clients: Client[] = [];
/** The rows that a list of disagreements reads for the combinations of findings, at any size. */
const COMBINATION_ROWS = 220;

beforeAll(async () => {
  for (const size of SIZES) {
    const client = await newPartner();
    await loadTransactions(client.datasetId, size);
    await loadOrders(client.datasetId, 10);
    await client.createOrder({ id: "order", payment_method_id: "pm" });
    clients.push(client);
  }
  // Rows after theirs: at the end of a table, SQLite reads no row past the last one.
  const { datasetId } = await newPartner();
  await loadTransactions(datasetId, 10);
  await loadOrders(datasetId, 10);
  // Updates SQLite's statistics, as each hourly job does, since its plans depend on them.
  await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
});

/** The allowed difference in rows read: SQLite reads one row past a range, if there is one. */
const ROWS_AT_ENDS = 2;

/** Measures the cost at each size, and expects it to be the same. Returns the higher one. */
async function expectSame(send: (client: Client) => Promise<ApiResponse>): Promise<Cost> {
  const costs = [];
  for (const client of clients) costs.push(costOf(expectStatus(await send(client), 200)));
  const [small, large] = costs as [Cost, Cost];
  expect(large).toEqual({ ...small, rows_read: large.rows_read });
  expect(Math.abs(large.rows_read - small.rows_read)).toBeLessThanOrEqual(ROWS_AT_ENDS);
  return small.rows_read > large.rows_read ? small : large;
}

const simulate = (client: Client, body: object) =>
  client.post("/v2/simulate_transaction_event", { payment_method_id: "pm", ...body });

describe("a simulated event", () => {
  /** Creates a captured transaction whose network_transaction_id order events can name. */
  async function capturedTransaction(client: Client, network_transaction_id: string) {
    const fields = { status: "CAPTURED", amount: 100, network_transaction_id };
    return expectStatus(await simulate(client, fields), 200).body;
  }
  const approved = async (client: Client, body: object) => {
    const { transaction_id } = expectStatus(
      await simulate(client, { status: "APPROVED", amount: 100 }),
      200,
    ).body;
    return simulate(client, { transaction_id, ...body });
  };
  // With both IDs, which have index entries of their own.
  const ids = (name: string) => ({ event_id: name, customer_id: "customer" });

  it.each<[string, (client: Client) => Promise<ApiResponse>]>([
    [
      "APPROVED",
      (client) => simulate(client, { status: "APPROVED", amount: 1, ...ids("approved") }),
    ],
    [
      "UPDATED",
      (client) => approved(client, { status: "UPDATED", amount: 2, event_id: "updated" }),
    ],
    ["VOIDED", (client) => approved(client, { status: "VOIDED", event_id: "voided" })],
    ["CAPTURED", (client) => approved(client, { status: "CAPTURED", event_id: "captured" })],
    [
      "a force capture",
      (client) => simulate(client, { status: "CAPTURED", amount: 1, ...ids("f") }),
    ],
    [
      "a blind refund",
      (client) => simulate(client, { status: "REFUNDED", amount: 1, ...ids("b") }),
    ],
    [
      "REFUNDED",
      async (client) => {
        const { transaction_id, event_id } = await capturedTransaction(client, "refunded");
        return simulate(client, { transaction_id, event_id, status: "REFUNDED" });
      },
    ],
  ])("%s takes two round trips and writes at most 8 rows", async (_, send) => {
    const cost = await expectSame(send);
    expect(cost.queries).toBe(2);
    expect(cost.rows_written).toBeLessThanOrEqual(8);
    expect(cost.rows_read).toBeLessThanOrEqual(20);
  });

  it("may write 3 rows more once order events name its transaction", async () => {
    const cost = await expectSame(async (client) => {
      const { transaction_id, event_id } = await capturedTransaction(client, "reported");
      const named = { network_transaction_id: "reported" };
      expectStatus(await client.capture("order", 100, named), 200);
      return simulate(client, { transaction_id, event_id, status: "REFUNDED" });
    });
    expect(cost.queries).toBe(2);
    expect(cost.rows_written).toBeLessThanOrEqual(11);
  });

  it("of a story takes one round trip", async () => {
    const cost = await expectSame((client) =>
      client.post("/sandbox/transactions", { story: "captured_in_two", amount: 100 }),
    );
    expect(cost.queries).toBe(1);
  });
});

describe("a read", () => {
  it("of a transaction reads its row and the environment's", async () => {
    const cost = await expectSame((client) => client.get("/v2/transactions/t-00000007"));
    expect(cost).toEqual({ queries: 1, rows_read: 2, rows_written: 0 });
  });

  it.each([1, 10, 100])(
    "of a page of %i transactions reads only the rows it returns",
    async (limit) => {
      for (const [path, counted] of [
        ["/v2/customers/customer-shared/transactions?", SHARED],
        ["/v2/customers/customer-shared/transactions?starting_after=t-00000150&", SHARED],
        ["/sandbox/transactions?", 0],
        ["/sandbox/transactions?starting_after=t-00000500&", 0],
      ] as const) {
        const cost = await expectSame((client) => client.get(`${path}limit=${limit}`));
        expect(cost).toMatchObject({ queries: 1, rows_written: 0 });
        // An index row and a table row for each item, and for one more that shows whether the list continues.
        expect(cost.rows_read).toBeLessThanOrEqual(2 * (limit + 1) + counted + 5);
      }
    },
  );

  it.each([1, 10, 100])("of %i disagreements reads only the rows it returns", async (limit) => {
    for (const query of ["", "finding=amount_differs&", "starting_after=ct-150&"]) {
      const cost = await expectSame((client) =>
        client.get(`/sandbox/reconciliation?${query}limit=${limit}`),
      );
      expect(cost).toMatchObject({ queries: 1, rows_written: 0 });
      // The total is counted, and the newest rows are read for each combination of findings.
      expect(cost.rows_read).toBeLessThanOrEqual(SHARED + 4 * limit + COMBINATION_ROWS);
    }
  });

  it("of readiness compares at most 1,000 transactions, whether they agree, disagree or are unknown", async () => {
    const [few, many] = await Promise.all(
      [2_000, 10_000].map(async (size) => {
        const client = await newPartner();
        await loadTransactions(client.datasetId, size);
        await loadOrders(client.datasetId, size);
        await env.DB.prepare(
          "UPDATE reconciliations SET card_captured = 9 WHERE dataset_id = ? AND transaction_id IS NOT NULL",
        )
          .bind(client.datasetId)
          .run();
        return costOf(expectStatus(await client.get("/sandbox/readiness"), 200));
      }),
    );
    expect(many!.rows_read).toBeLessThanOrEqual(few!.rows_read + ROWS_AT_ENDS);
  });

  it("of an order's reconciliation reads its events and their sums", async () => {
    const cost = await expectSame(async (client) => {
      const named = { network_transaction_id: "ct-900" };
      expectStatus(await client.capture("order", 1, named), 200);
      return client.get("/sandbox/orders/order/reconciliation");
    });
    expect(cost).toMatchObject({ queries: 1, rows_written: 0 });
    expect(cost.rows_read).toBeLessThanOrEqual(20);
  });
});
