import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import worker from "../../src/index.ts";
import { Database } from "../../src/store/database.ts";
import { findOrdersAfter, removeUntouched, STEP_ROWS } from "../../src/store/retention.ts";
import { QueryBudget } from "../../src/store/query-budget.ts";
import { sweepTransactions } from "../../src/store/retention-sweep.ts";
import { findTransactionsAfter, removeUnused } from "../../src/store/transaction-retention.ts";
import { expectStatus, newPartner, orderBody, type Client } from "../support/client.ts";
import { loadTransactions } from "../support/load.ts";
import { setVariables } from "../support/variables.ts";

const DAY = 86_400_000;

/** Runs the hourly job as if this many days from now. */
const sweepAfter = (days: number) =>
  worker.scheduled(
    createScheduledController({ scheduledTime: new Date(Date.now() + days * DAY) }),
    env,
  );

const rows = async (client: Client, table: string, where = "true") =>
  (await env.DB.prepare(`SELECT count(*) AS rows FROM ${table} WHERE dataset_id = ? AND ${where}`)
    .bind(client.datasetId)
    .first<number>("rows"))!;

/** Dates the last change of an order this many days back. */
const age = (client: Client, orderId: string, days: number) =>
  env.DB.prepare("UPDATE order_changes SET changed_at = ? WHERE dataset_id = ? AND order_id = ?")
    .bind(new Date(Date.now() - days * DAY).toJSON(), client.datasetId, orderId)
    .run();

const usage = (client: Client) =>
  env.DB.prepare(
    "SELECT order_count, order_event_count, transaction_count, stored_bytes FROM datasets WHERE id = ?",
  )
    .bind(client.datasetId)
    .first();

async function orderWithEvents(client: Client, id: string, fields = {}): Promise<string> {
  const lines = [{ name: "Lamp", quantity: 1, rate: 10_000, rewards_rate: 0 }];
  await client.createOrder({ id, order_lines: lines, ...fields });
  expectStatus(await client.capture(id, 10_000, { order_lines: lines }), 200);
  expectStatus(await client.refund(id, 5_000), 200);
  return id;
}

describe("the sweep of orders", () => {
  it("deletes orders without recent changes, with their events, and no others", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    // The partner chooses `updated_at`, so the sweep ignores it.
    const young = await orderWithEvents(client, "young", { updated_at: "2001-01-01T00:00:00Z" });
    const old = await orderWithEvents(client, "old", { updated_at: "2999-01-01T00:00:00Z" });
    await age(client, old, 91);
    await age(client, young, 89);
    await sweepAfter(0);
    const { data, total } = (await client.get("/v2/orders")).body;
    expect([data.map((each: { id: string }) => each.id), total]).toEqual([[young], 1]);
    expect((await client.get("/v2/order_events")).body.total).toBe(2);
    expect(await rows(client, "order_lines")).toBe(1);
    expect(await rows(client, "order_event_lines")).toBe(1);
    // The history of a deleted order is deleted after another retention period.
    expect(await rows(client, "order_changes", "order_id = 'old'")).toBe(4);
    await sweepAfter(80);
    expect(await rows(client, "order_changes", "order_id = 'old'")).toBe(4);
    await sweepAfter(91);
    expect(await rows(client, "order_changes", "order_id = 'old'")).toBe(0);
  });

  it("leaves an order that changed after the sweep read it", async () => {
    const client = await newPartner();
    const id = await orderWithEvents(client, "touched");
    const db = new Database(env.DB);
    const position = { dataset_id: client.datasetId, sequence: 0 };
    const [seen] = await findOrdersAfter(db, position);
    expect(seen).toMatchObject({ id, dataset_id: client.datasetId });
    expectStatus(await client.capture(id, 1), 200);
    expect(await removeUntouched(db, [seen!], new Date().toJSON())).toBe(0);
    const [now] = await findOrdersAfter(db, position);
    expect(await removeUntouched(db, [now!], new Date().toJSON())).toBe(1);
    expect((await client.get("/v2/orders")).body.total).toBe(0);
  });

  it("reduces the stored counts", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    const before = await usage(client);
    await orderWithEvents(client, "counted");
    await sweepAfter(91);
    await sweepAfter(182);
    expect(await usage(client)).toEqual(before);
  });

  it("deletes nothing if the period is 0", async () => {
    const client = await newPartner();
    await orderWithEvents(client, "old");
    await sweepAfter(10_000);
    expect((await client.get("/v2/orders")).body.total).toBe(1);
  });

  it("never frees a version that a warm ledger has cached", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    const id = await orderWithEvents(client, "warm");
    await age(client, id, 91);
    await sweepAfter(0);
    // The ledger has cached version 3, with 10,000 captured and 5,000 refunded.
    expectStatus(await client.refund(id, 1), 404);
    const again = expectStatus(await client.post("/v2/orders", orderBody({ id })), 200);
    expect(again.headers.get("ETag")).toBe('"5"');
    expectStatus(await client.capture(id, 100), 200);
    const { details } = expectStatus(await client.refund(id, 101), 409).body.error;
    expect(details).toMatchObject({ captured: 100, refunded: 0 });
  });

  it("keeps the history of a recreated order, from its second creation on", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    await client.createOrder({ id: "twice" });
    expectStatus(await client.delete("/v2/orders/twice"), 204);
    await age(client, "twice", 91);
    await client.createOrder({ id: "twice" });
    await sweepAfter(0);
    expect(await rows(client, "order_changes", "order_id = 'twice'")).toBe(1);
    const { headers } = await client.get("/v2/orders?id=twice");
    expect(headers.get("ETag")).toBe('"3"');
  });

  it("leaves an order that changes during the sweep", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) => orderWithEvents(client, `o-${index}`)),
    );
    for (const id of ids) await age(client, id, 91);
    const [captures] = await Promise.all([
      Promise.all(ids.map((id) => client.capture(id, 1))),
      sweepAfter(0),
    ]);
    for (const [index, id] of ids.entries()) {
      const { total } = (await client.get(`/v2/order_events?order_id=${id}`)).body;
      expect([200, 404]).toContain(captures[index]!.status);
      expect(total).toBe(captures[index]!.status === 200 ? 3 : 0);
    }
  });

  it("deletes an order with many events in several steps, and breaks no constraint", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    const events = 2 * STEP_ROWS + 10;
    const id = await client.createOrder({ id: "many" });
    await env.DB.batch([
      env.DB.prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         INSERT INTO order_events (dataset_id, sequence, order_event_id, order_id, type, amount,
           rewards_amount, currency, network_transaction_id, payment_method_id, line_count)
         SELECT ?1, i, 'e-' || i, 'many', iif(i % 2, 'CAPTURED', 'REFUNDED'), 1, 0, 'USD', 'nt', 'pm-1', 0 FROM n`,
      ).bind(client.datasetId, events),
      env.DB.prepare(
        `INSERT INTO reconciliations (dataset_id, network_transaction_id, created_at, event_captured,
           event_refunded, event_count)
         VALUES (?1, 'nt', '2025-01-01T00:00:00Z', ?2 / 2, ?2 / 2, ?2)`,
      ).bind(client.datasetId, events),
      env.DB.prepare(
        `UPDATE orders SET event_count = ?2, captured_amount = ?2 / 2, refunded_amount = ?2 / 2
         WHERE dataset_id = ?1 AND id = 'many'`,
      ).bind(client.datasetId, events),
      env.DB.prepare("UPDATE datasets SET order_event_count = ?2 WHERE id = ?1").bind(
        client.datasetId,
        events,
      ),
    ]);
    await age(client, id, 91);
    for (let hour = 0; hour < 3; hour += 1) {
      expect((await client.get("/v2/orders")).body.total).toBe(1);
      await sweepAfter(0);
    }
    expect((await client.get("/v2/orders")).body.total).toBe(0);
    expect((await client.get("/v2/order_events")).body.total).toBe(0);
    const sums = env.DB.prepare("SELECT * FROM reconciliations WHERE dataset_id = ?");
    expect((await sums.bind(client.datasetId).all()).results).toEqual([]);
  });
});

describe("the sweep of transactions", () => {
  const simulate = async (client: Client, body: object) =>
    expectStatus(
      await client.post("/v2/simulate_transaction_event", { payment_method_id: "pm-1", ...body }),
      200,
    ).body;
  const captured = (client: Client, network_transaction_id: string) =>
    simulate(client, { status: "CAPTURED", amount: 100, network_transaction_id });
  const ageTransaction = (client: Client, id: string, days: number) =>
    env.DB.prepare("UPDATE transactions SET updated_at = ? WHERE dataset_id = ? AND id = ?")
      .bind(new Date(Date.now() - days * DAY).toJSON(), client.datasetId, id)
      .run();

  it("deletes those that nothing happened to, with their events and sums", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    const young = await captured(client, "young");
    await ageTransaction(client, young.transaction_id, 89);
    const before = await usage(client);
    const old = await captured(client, "old");
    const { transaction_id, event_id } = old;
    await simulate(client, { transaction_id, event_id, status: "REFUNDED", amount: 1 });
    await ageTransaction(client, transaction_id, 91);
    await sweepAfter(0);
    expectStatus(await client.get(`/v2/transactions/${transaction_id}`), 404);
    expectStatus(await client.get(`/v2/transactions/${young.transaction_id}`), 200);
    expect((await client.get("/sandbox/transactions")).body.total).toBe(1);
    expect(await rows(client, "transaction_events")).toBe(1);
    expect(await rows(client, "reconciliations")).toBe(1);
    expect(await usage(client)).toEqual(before);
    // Its network_transaction_id is free again.
    await captured(client, "old");
  });

  it("leaves those that order events name, until their orders are deleted", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const client = await newPartner();
    const { transaction_id } = await captured(client, "reported");
    await client.createOrder({ id: "order" });
    const event = { network_transaction_id: "reported" };
    expectStatus(await client.capture("order", 100, event), 200);
    await ageTransaction(client, transaction_id, 91);
    await sweepAfter(0);
    const { body } = await client.get("/sandbox/orders/order/reconciliation");
    expect(body).toMatchObject({ agrees: true, transactions: [{ transaction_id }] });
    await age(client, "order", 91);
    // The steps of an hour begin with another one each hour.
    await sweepAfter(0);
    await sweepAfter(0);
    expect((await client.get("/sandbox/transactions")).body.total).toBe(0);
    expect(await rows(client, "reconciliations")).toBe(0);
  });

  it("leaves a transaction that an event reached after the sweep read it", async () => {
    const client = await newPartner();
    const { transaction_id, event_id } = await captured(client, "touched");
    const db = new Database(env.DB);
    const position = { dataset_id: client.datasetId, transaction_id: "" };
    const seen = await findTransactionsAfter(db, position);
    expect(seen).toMatchObject([{ id: transaction_id }]);
    await simulate(client, { transaction_id, event_id, status: "REFUNDED", amount: 1 });
    expect(await removeUnused(db, seen)).toBe(0);
    expect(await rows(client, "reconciliations")).toBe(1);
    expect(await removeUnused(db, await findTransactionsAfter(db, position))).toBe(1);
  });

  it("continues in the next hour when it runs out of queries", async () => {
    setVariables({ RETENTION_DAYS: "90" });
    const clients = [await newPartner(), await newPartner()];
    for (const client of clients) await loadTransactions(client.datasetId, 1_000);
    await env.DB.prepare("UPDATE reconciliations SET event_count = 0, event_captured = 0").run();
    const days = 90;
    let hours = 0;
    for (let left = 2_000; left > 0; hours += 1) {
      const budget = new QueryBudget(new Database(env.DB), 20);
      const deleted = await sweepTransactions(budget, new Date(), days);
      expect(deleted).toBeGreaterThan(0);
      expect(budget.db.statements).toBeLessThanOrEqual(20);
      left -= deleted;
    }
    expect(hours).toBeGreaterThan(2);
    for (const client of clients) {
      expect(await rows(client, "transactions")).toBe(0);
      expect(await rows(client, "transaction_events")).toBe(0);
      expect(await rows(client, "reconciliations")).toBe(0);
    }
  });
});
