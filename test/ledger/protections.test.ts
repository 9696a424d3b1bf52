import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OrderEventType } from "../../src/domain/order-events.ts";
import { CommandQueue } from "../../src/ledger/command-queue.ts";
import { eventBody, newPartner, orderBody, type Client } from "../support/client.ts";

const run = (...statements: string[]) =>
  env.DB.batch(statements.map((statement) => env.DB.prepare(statement)));

/** Replaces a table by a copy without keys and constraints. Returns a function that restores it. */
async function withoutConstraints(table: string): Promise<() => Promise<unknown>> {
  await run(
    `ALTER TABLE ${table} RENAME TO original`,
    `CREATE TABLE ${table} AS SELECT * FROM original`,
  );
  return () => run(`DROP TABLE ${table}`, `ALTER TABLE original RENAME TO ${table}`);
}

async function withoutIndex(index: string): Promise<() => Promise<unknown>> {
  const definition = await env.DB.prepare("SELECT sql FROM sqlite_master WHERE name = ?")
    .bind(index)
    .first<string>("sql");
  await run(`DROP INDEX ${index}`);
  return () => run("DELETE FROM order_events", definition!);
}

function withoutQueue(): () => Promise<unknown> {
  const spy = vi.spyOn(CommandQueue.prototype, "run").mockImplementation((command) => command());
  return async () => spy.mockRestore();
}

/** The balance of an order: `stored` on the order itself, and `summed` over its events. */
async function sumsOf(client: Client, orderId: string) {
  return (await env.DB.prepare(
    `SELECT captured_amount - refunded_amount AS stored,
       (SELECT coalesce(sum(iif(type = 'CAPTURED', amount, -amount)), 0) FROM order_events
        WHERE dataset_id = orders.dataset_id AND order_id = orders.id) AS summed
     FROM orders WHERE dataset_id = ? AND id = ?`,
  )
    .bind(client.datasetId, orderId)
    .first<{ stored: number; summed: number }>())!;
}

/** Refunds the full amount ten times, each through a different object, so that no queue orders them. */
async function refundFromTenObjects(client: Client): Promise<{ stored: number; summed: number }> {
  const id = await client.createOrder();
  await client.capture(id, 100);
  const ledgers = Array.from({ length: 10 }, (_, index) => `stray:${id}:${index}`);
  await Promise.all(ledgers.map((name) => append(client, id, name, "REFUNDED", 100)));
  return sumsOf(client, id);
}

/** Sends an event directly to a ledger. */
function append(
  client: Client,
  order_id: string,
  ledger: string,
  type: OrderEventType,
  amount: number,
) {
  return env.ORDER_LEDGER.getByName(ledger).appendOrderEvent({
    dataset: client.dataset,
    order_id,
    request: { request_id: "test", received_at: "2025-01-01T00:00:00Z" },
    input: { order_id, type, amount, network_transaction_id: "nt" },
    new_order_event_id: crypto.randomUUID(),
  });
}

/** Sends requests concurrently, and counts the responses by status. */
async function statuses(requests: Promise<{ status: number }>[]) {
  const responses = await Promise.all(requests);
  return Object.fromEntries(
    [...Map.groupBy(responses, (each) => each.status)].map(([status, each]) => [
      status,
      each.length,
    ]),
  );
}

/**
 * Each protection, and what breaks without it. Each attack runs with and without the protection, so that
 * a protection without effect fails, and so does a test that doesn't detect the attack.
 */
const PROTECTIONS = [
  {
    protection: "the queue",
    breaks: "concurrent commands for one order lose races",
    remove: () => Promise.resolve(withoutQueue()),
    attack: async (client: Client) => {
      const id = await client.createOrder();
      // Not by HTTP, because a request that loses a race is retried.
      const ledger = Array.from({ length: 20 }, () => `ledger:${id}`);
      await Promise.allSettled(ledger.map((name) => append(client, id, name, "CAPTURED", 1)));
      return sumsOf(client, id);
    },
    holds: { stored: 20, summed: 20 },
  },
  {
    protection: "the fence",
    breaks: "two ledgers for one order both refund the same money",
    remove: () => withoutConstraints("order_changes"),
    attack: refundFromTenObjects,
    holds: { stored: 0, summed: 0 },
  },
  {
    protection: "the unique index of partner_event_id",
    breaks: "one partner event is stored for two orders",
    remove: () => withoutIndex("order_events_partner_event_id"),
    attack: async (client: Client) => {
      const ids = [await client.createOrder(), await client.createOrder()];
      return statuses(ids.map((id) => client.capture(id, 1, { partner_event_id: "one" })));
    },
    holds: { 200: 1, 409: 1 },
  },
  {
    protection: "the unique index of order_event_id",
    breaks: "events of two orders share one ID",
    remove: async () => {
      // Lines reference the index by a foreign key, so it can't be dropped alone.
      const undo = await withoutConstraints("order_events");
      await run(
        "CREATE INDEX order_events_order_id_alone ON order_events (dataset_id, order_id)",
        "ALTER TABLE order_event_lines RENAME TO original_lines",
        "CREATE TABLE order_event_lines AS SELECT * FROM original_lines",
      );
      return async () => {
        await undo();
        await run(
          "DROP TABLE order_event_lines",
          "ALTER TABLE original_lines RENAME TO order_event_lines",
        );
      };
    },
    attack: async (client: Client) => {
      const ids = [await client.createOrder(), await client.createOrder()];
      return statuses(ids.map((id) => client.capture(id, 1, { order_event_id: "one" })));
    },
    holds: { 200: 1, 409: 1 },
  },
  {
    protection: "the idempotency record",
    breaks: "a repeated request takes effect twice",
    remove: () => withoutConstraints("idempotency_records"),
    attack: async (client: Client) => {
      const body = eventBody({ order_id: await client.createOrder() });
      const headers = { "Idempotency-Key": "one" };
      await Promise.all([1, 2].map(() => client.post("/v2/order_events", body, headers)));
      return { events: (await client.get("/v2/order_events")).body.total };
    },
    holds: { events: 1 },
  },
  {
    protection: "the unique index of an order's ID",
    breaks: "two orders share one ID",
    remove: async () => {
      const undo = await withoutConstraints("orders");
      await run(
        "ALTER TABLE order_lines RENAME TO original_lines",
        "CREATE TABLE order_lines AS SELECT * FROM original_lines",
      );
      return async () => {
        await undo();
        await run("DROP TABLE order_lines", "ALTER TABLE original_lines RENAME TO order_lines");
      };
    },
    attack: async (client: Client) => {
      const body = orderBody({ id: "one" });
      await Promise.all([1, 2].map(() => client.post("/v2/orders", body)));
      return { orders: (await client.get("/v2/orders")).body.data.length };
    },
    holds: { orders: 1 },
  },
];

describe.each(PROTECTIONS)("$protection", ({ breaks, remove, attack, holds }) => {
  let undo: (() => Promise<unknown>) | undefined;
  beforeEach(() => {
    vi.spyOn(console, "error").mockReturnValue(undefined);
  });
  afterEach(async () => {
    await undo?.();
    undo = undefined;
    vi.restoreAllMocks();
  });

  it("holds", async () => {
    expect(await attack(await newPartner())).toEqual(holds);
  });

  it(`is needed: without it, ${breaks}`, async () => {
    const client = await newPartner();
    undo = await remove();
    expect(await attack(client)).not.toEqual(holds);
  });
});
