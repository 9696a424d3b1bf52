import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CommandQueue } from "../../src/ledger/command-queue.ts";
import { eventBody, newPartner, orderBody, type Client } from "../support/client.ts";

const run = (...statements: string[]) =>
  env.DB.batch(statements.map((statement) => env.DB.prepare(statement)));

/** Rebuilds a table without its keys and constraints, and puts the real one back afterwards. */
async function withoutConstraints(table: string): Promise<() => Promise<unknown>> {
  await run(`ALTER TABLE ${table} RENAME TO kept`, `CREATE TABLE ${table} AS SELECT * FROM kept`);
  return () => run(`DROP TABLE ${table}`, `ALTER TABLE kept RENAME TO ${table}`);
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

/** What D1 has of an order: the sums of its events, and the sums that the order itself says. */
async function sumsOf(client: Client, orderId: string) {
  return (await env.DB.prepare(
    `SELECT captured_amount - refunded_amount AS kept,
       (SELECT coalesce(sum(iif(type = 'CAPTURED', amount, -amount)), 0) FROM order_events
        WHERE dataset_id = orders.dataset_id AND order_id = orders.id) AS summed
     FROM orders WHERE dataset_id = ? AND id = ?`,
  )
    .bind(client.datasetId, orderId)
    .first<{ kept: number; summed: number }>())!;
}

/** Ten refunds of all that was captured, each sent to an object of its own: the queue can't help. */
async function refundFromTenObjects(client: Client): Promise<{ kept: number; summed: number }> {
  const id = await client.createOrder();
  await client.capture(id, 100);
  await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      env.ORDER_LEDGER.getByName(`stray:${id}:${index}`).appendOrderEvent({
        dataset: client.dataset,
        order_id: id,
        request: { request_id: "test", received_at: "2025-01-01T00:00:00Z" },
        input: { order_id: id, type: "REFUNDED", amount: 100, network_transaction_id: "nt" },
        new_order_event_id: crypto.randomUUID(),
      }),
    ),
  );
  return sumsOf(client, id);
}

/** Requests at once, and how often each status was answered. */
async function statuses(requests: Promise<{ status: number }>[]) {
  const answers = await Promise.all(requests);
  return Object.fromEntries(
    [...Map.groupBy(answers, (each) => each.status)].map(([status, each]) => [status, each.length]),
  );
}

/**
 * Each protection, and what breaks without it. The attack is run as things are and again with the
 * protection taken out, so that a protection that does nothing, or a test that sees nothing, fails.
 */
const PROTECTIONS = [
  {
    protection: "the queue",
    breaks: "requests for one order lose races against each other, and are answered 503",
    remove: () => Promise.resolve(withoutQueue()),
    attack: async (client: Client) => {
      const id = await client.createOrder();
      return statuses(Array.from({ length: 20 }, () => client.capture(id, 1)));
    },
    holds: { 200: 20 },
  },
  {
    protection: "the fence",
    breaks: "two ledgers for one order both refund the same money",
    remove: () => withoutConstraints("order_changes"),
    attack: refundFromTenObjects,
    holds: { kept: 0, summed: 0 },
  },
  {
    protection: "the unique index of partner_event_id",
    breaks: "one partner event is booked on two orders",
    remove: () => withoutIndex("order_events_partner_event_id"),
    attack: async (client: Client) => {
      const ids = [await client.createOrder(), await client.createOrder()];
      return statuses(ids.map((id) => client.capture(id, 1, { partner_event_id: "one" })));
    },
    holds: { 200: 1, 409: 1 },
  },
  {
    protection: "the unique index of order_event_id",
    breaks: "one event id stands for events of two orders",
    remove: async () => {
      // Lines refer to the index by a foreign key, so the table without constraints stands in for it.
      const undo = await withoutConstraints("order_events");
      await run(
        "CREATE INDEX order_events_order_id_alone ON order_events (dataset_id, order_id)",
        "ALTER TABLE order_event_lines RENAME TO kept_lines",
        "CREATE TABLE order_event_lines AS SELECT * FROM kept_lines",
      );
      return async () => {
        await undo();
        await run(
          "DROP TABLE order_event_lines",
          "ALTER TABLE kept_lines RENAME TO order_event_lines",
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
    breaks: "a request that is repeated takes effect twice",
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
    protection: "the unique index of an order's id",
    breaks: "one id stands for two orders",
    remove: async () => {
      const undo = await withoutConstraints("orders");
      await run(
        "ALTER TABLE order_lines RENAME TO kept_lines",
        "CREATE TABLE order_lines AS SELECT * FROM kept_lines",
      );
      return async () => {
        await undo();
        await run("DROP TABLE order_lines", "ALTER TABLE kept_lines RENAME TO order_lines");
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
