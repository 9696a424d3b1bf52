import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { Database } from "../../src/store/database.ts";
import { QueryBudget } from "../../src/store/query-budget.ts";
import { sweepHistory } from "../../src/store/retention-sweep.ts";
import { recountUsage, type Miscount } from "../../src/store/recount.ts";
import { expectStatus, newPartner, orderBody, type Client } from "../support/client.ts";
import { setVariables } from "../support/variables.ts";

/** Recounts all datasets, and returns those whose usage was wrong. */
const recount = (): Promise<Miscount[]> =>
  recountUsage(new QueryBudget(new Database(env.DB), 10_000), new Date().toJSON());

/** Runs the hourly job, which also corrects wrong usage, and fails if it corrected any. */
async function runHourly(): Promise<void> {
  expect(await recount()).toEqual([]);
  const log = vi.spyOn(console, "log").mockClear();
  await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
  const reports = log.mock.calls.filter(([line]) => String(line).includes("counted wrong"));
  expect(reports).toEqual([]);
}

const run = (statement: string, ...values: unknown[]) =>
  env.DB.prepare(statement)
    .bind(...values)
    .run();

const expireKeys = () => run("UPDATE idempotency_records SET created_at = '2025-01-01T00:00:00Z'");
const ageChanges = () => run("UPDATE order_changes SET changed_at = '2025-01-01T00:00:00Z'");
const ageTransactions = () => run("UPDATE transactions SET updated_at = '2025-01-01T00:00:00Z'");

const lines = [{ name: "Lamp", quantity: 1, rate: 10_000, rewards_rate: 0 }];

/** Creates an order with an event, a stored response and a simulated transaction. */
async function fill(client: Client): Promise<void> {
  const key = { "Idempotency-Key": "key" };
  const order = orderBody({ id: "order", order_lines: lines });
  expectStatus(await client.post("/v2/orders", order, key), 200);
  expectStatus(await client.capture("order", 10_000, { order_event_id: "event" }), 200);
  const card = { payment_method_id: "pm", status: "APPROVED", amount: 100 };
  expectStatus(await client.post("/v2/simulate_transaction_event", card), 200);
}

const DELETIONS: [way: string, act: (client: Client) => Promise<unknown>][] = [
  ["nothing is deleted", () => Promise.resolve()],
  [
    "an event and its order are deleted",
    async (client) => {
      expectStatus(await client.delete("/v2/order_events/event"), 204);
      expectStatus(await client.delete("/v2/orders/order"), 204);
    },
  ],
  ["an order is replaced", (client) => client.put("/v2/orders/order", orderBody())],
  ["the hourly job deletes an expired response", () => expireKeys().then(() => runHourly())],
  [
    "a new request uses an expired Idempotency-Key, three times",
    async (client) => {
      for (let count = 0; count < 3; count += 1) {
        await expireKeys();
        const key = { "Idempotency-Key": "key" };
        const created = expectStatus(await client.post("/v2/orders", orderBody(), key), 200);
        expect(created.headers.has("Idempotent-Replayed")).toBe(false);
      }
    },
  ],
  ["the retention deletes an order", () => ageChanges().then(() => runHourly())],
  [
    "the retention deletes an order's history",
    async () => {
      await ageChanges();
      await runHourly();
      await ageChanges();
      await runHourly();
    },
  ],
  ["the retention deletes a transaction", () => ageTransactions().then(() => runHourly())],
  ["the environment is reset", (client) => client.post("/sandbox/reset")],
];

describe("usage equals the stored rows after", () => {
  it.each(DELETIONS)("%s", async (_, act) => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    await fill(client);
    await act(client);
    expect(await recount()).toEqual([]);
  });

  it("the retention deletes some events of an order with many", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    const id = await client.createOrder({ id: "many" });
    expectStatus(await client.capture(id, 1, { order_event_id: "e-1000" }), 200);
    await run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
       INSERT INTO order_events SELECT dataset_id, sequence + i, 'e-' || (1000 + i), order_id, NULL, type, amount,
         rewards_amount, currency, network_transaction_id, payment_method_id, line_count, content_bytes
       FROM order_events, n WHERE dataset_id = ?`,
      client.datasetId,
    );
    await run(
      "UPDATE reconciliations SET event_captured = 1101, event_count = 1101 WHERE dataset_id = ?",
      client.datasetId,
    );
    await run(
      "UPDATE orders SET event_count = 1101, captured_amount = 1101 WHERE dataset_id = ?",
      client.datasetId,
    );
    await recount();
    await ageChanges();
    await runHourly();
    expect((await client.get("/v2/order_events")).body.total).toBe(101);
    expect(await recount()).toEqual([]);
  });
});

it("is corrected by the hourly job, which logs the difference", async () => {
  const client = await newPartner();
  await client.createOrder();
  await run("UPDATE datasets SET stored_bytes = stored_bytes + 7 WHERE id = ?", client.datasetId);
  const log = vi.spyOn(console, "log").mockClear();
  await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
  const reports = log.mock.calls.map(([line]) => JSON.parse(String(line)));
  const report = reports.find(({ message }) => message === "usage was counted wrong");
  expect(report).toMatchObject({ partner_id: client.partnerId, dataset_id: client.datasetId });
  expect(report.stored.bytes - report.counted.bytes).toBe(7);
  expect(await recount()).toEqual([]);
});

it("is recounted by reading each row once", async () => {
  const client = await newPartner();
  const recountedRows = async () => {
    const database = new Database(env.DB);
    await recountUsage(new QueryBudget(database, 10_000), new Date().toJSON());
    return database.cost.rows_read;
  };
  const before = await recountedRows();
  const orders = 20;
  for (let count = 0; count < orders; count += 1) await client.createOrder();
  // An order without lines or events is two rows: itself and its change.
  expect(await recountedRows()).toBeLessThan(before + orders * 3);
});

const OPERATIONS = 2_000;

it(`equals a recount after ${OPERATIONS} random operations of all kinds`, async () => {
  setVariables({ RETENTION_DAYS: "90" });
  const client = await newPartner();
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const order = () => `o-${random(12)}`;
  const key = () => (random(2) === 0 ? { "Idempotency-Key": `k-${random(30)}` } : undefined);
  const body = () =>
    orderBody({
      id: order(),
      merchant_name: "x".repeat(random(200)),
      ...(random(2) && { order_lines: lines }),
    });
  const event = () => ({ order_event_id: `e-${random(60)}` });
  const card = () => ({ payment_method_id: "pm", status: "APPROVED", amount: random(1_000) + 1 });
  const common = [
    () => client.post("/v2/orders", body(), key()),
    () => client.put(`/v2/orders/${order()}`, orderBody()),
    () => client.delete(`/v2/orders/${order()}`),
    () => client.capture(order(), random(500), event()),
    () => client.refund(order(), random(100), event()),
    () =>
      client.post(
        "/v2/order_events",
        { ...event(), order_id: order(), type: "CAPTURED", amount: 5, network_transaction_id: "n" },
        key(),
      ),
    () => client.delete(`/v2/order_events/e-${random(60)}`),
    () => client.post("/v2/simulate_transaction_event", card(), key()),
    () => client.post("/sandbox/transactions", { story: "captured", amount: random(500) + 1 }),
  ];
  const rare = [
    expireKeys,
    ageChanges,
    ageTransactions,
    runHourly,
    () => client.post("/sandbox/reset"),
    () => client.post("/sandbox/environments", { fixture: "documentation" }),
  ];
  for (let count = 0; count < OPERATIONS; count += 1) {
    await (random(60) === 0 ? rare[random(rare.length)]! : common[random(common.length)]!)();
    if (count % 200 === 0) expect(await recount(), `after ${count} operations`).toEqual([]);
  }
  expect(await recount()).toEqual([]);
}, 240_000);

it("loses the history of all deleted orders in one sweep, however often one was deleted", async () => {
  const [attacker, client] = [await newPartner(), await newPartner()];
  const addDeleted = ({ datasetId }: Client, ids: string, cycles: number) =>
    run(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2 * ?2 - 1)
       INSERT INTO order_changes (dataset_id, order_id, version, change, request_id, changed_at)
       SELECT ?1, ${ids}, iif(i % 2, 'DELETED', 'CREATED'), 'r', '2025-01-01T00:00:00Z' FROM n`,
      datasetId,
      cycles,
    );
  // Like a test suite with a fixed ID, and one with an ID for each test.
  // What the tests before this one have left.
  await sweepHistory(new QueryBudget(new Database(env.DB), 20), new Date(), 90);
  await addDeleted(attacker, "'o', i + 1", 300);
  await addDeleted(client, "'o-' || (i / 2), i % 2 + 1", 700);
  await recount();
  const budget = new QueryBudget(new Database(env.DB), 20);
  expect(await sweepHistory(budget, new Date(), 90)).toBe(2_000);
  expect(budget.allows(0)).toBe(true);
  expect(await recount()).toEqual([]);
});
