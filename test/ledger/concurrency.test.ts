import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppendOrderEvent } from "../../src/ledger/commands.ts";
import type { OrderEvent } from "../../src/domain/order-events.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { eventBody, newPartner, orderBody, type Client } from "../support/client.ts";

/** Twenty captures and refunds whose refunds fit only after some of the captures. */
const EVENTS = Array.from({ length: 20 }, (_, index) => ({
  type: index % 2 === 0 ? ("CAPTURED" as const) : ("REFUNDED" as const),
  amount: index % 2 === 0 ? 100 : 30 + 10 * index,
}));

interface Version {
  version: number;
  order_event_id: string | null;
  captured_amount: number;
  refunded_amount: number;
}

async function historyOf(client: Client, orderId: string): Promise<Version[]> {
  const { results } = await env.DB.prepare(
    `SELECT version, order_event_id, captured_amount, refunded_amount FROM order_changes
     WHERE dataset_id = ? AND order_id = ? ORDER BY version`,
  )
    .bind(client.datasetId, orderId)
    .all<Version>();
  return results;
}

/**
 * Checks that the outcomes are those of a serial order of the commands, which the history gives: each
 * accepted event follows from the version before it, and each rejection is right in some version.
 */
async function expectSerial(client: Client, orderId: string, outcomes: Outcome<OrderEvent>[]) {
  const history = await historyOf(client, orderId);
  expect(history.map((each) => each.version)).toEqual(history.map((_, index) => index + 1));

  const { results: rows } = await env.DB.prepare(
    "SELECT order_event_id, type, amount FROM order_events WHERE dataset_id = ? AND order_id = ?",
  )
    .bind(client.datasetId, orderId)
    .all<{ order_event_id: string; type: string; amount: number }>();
  const events = new Map(rows.map((row) => [row.order_event_id, row]));
  let [captured, refunded] = [0, 0];
  for (const version of history.slice(1)) {
    const event = events.get(version.order_event_id!)!;
    if (event.type === "CAPTURED") captured += event.amount;
    else refunded += event.amount;
    expect(version).toMatchObject({ captured_amount: captured, refunded_amount: refunded });
    expect(refunded).toBeLessThanOrEqual(captured);
  }

  const order = await env.DB.prepare(
    "SELECT version, event_count, captured_amount, refunded_amount FROM orders WHERE dataset_id = ? AND id = ?",
  )
    .bind(client.datasetId, orderId)
    .first();
  expect(order).toEqual({
    version: history.length,
    event_count: rows.length,
    captured_amount: captured,
    refunded_amount: refunded,
  });

  const accepted = outcomes.filter((outcome) => outcome.ok);
  const appended = accepted.map(({ result }) => result.order_event_id);
  expect(new Set(appended)).toEqual(new Set(events.keys()));
  expect(appended).toHaveLength(events.size);
  for (const outcome of outcomes) {
    if (outcome.ok || outcome.refusal.type !== "CONFLICT_ERROR") continue;
    const { details } = outcome.refusal;
    expect(history).toContainEqual(
      expect.objectContaining({
        captured_amount: details!.captured,
        refunded_amount: details!.refunded,
      }),
    );
    expect(Number(details!.requested)).toBeGreaterThan(Number(details!.refundable));
  }
}

/** A command like the one that the route creates. */
function appendCommand(
  client: Client,
  orderId: string,
  event: (typeof EVENTS)[number],
): AppendOrderEvent {
  return {
    dataset: client.dataset,
    order_id: orderId,
    request: { request_id: "test", received_at: "2025-01-01T00:00:00Z" },
    input: eventBody({ order_id: orderId, ...event }) as AppendOrderEvent["input"],
    new_order_event_id: crypto.randomUUID(),
  };
}

/** Sends a command to a ledger of this name until no other ledger overtakes it. */
async function appendUntilDecided(
  name: string,
  command: AppendOrderEvent,
): Promise<Outcome<OrderEvent>> {
  for (;;) {
    const { outcome } = await env.ORDER_LEDGER.getByName(name).appendOrderEvent(command);
    if (typeof outcome === "object") return outcome;
  }
}

describe("twenty concurrent captures and refunds", () => {
  it("have the outcome of some serial order, through the API", async () => {
    const client = await newPartner();
    const orderId = await client.createOrder();
    const responses = await Promise.all(
      EVENTS.map(({ amount, ...fields }) => client.capture(orderId, amount, fields)),
    );
    const outcomes = responses.map((response): Outcome<OrderEvent> =>
      response.status === 200
        ? { ok: true, result: response.body, replayed: false, warnings: [] }
        : { ok: false, refusal: response.body.error },
    );
    // With the queue, no request loses a race, so that every response is a decision.
    expect(responses.map((each) => each.status).filter((status) => status > 409)).toEqual([]);
    expect(outcomes.filter((each) => each.ok).length).toBeGreaterThanOrEqual(10);
    await expectSerial(client, orderId, outcomes);
  });

  it("have the outcome of some serial order without the queue, when each runs in its own object", async () => {
    const client = await newPartner();
    const orderId = await client.createOrder();
    const outcomes = await Promise.all(
      EVENTS.map(async (event, index) => {
        const name = `stray:${orderId}:${index}`;
        return appendUntilDecided(name, appendCommand(client, orderId, event));
      }),
    );
    expect(outcomes.filter((each) => each.ok).length).toBeGreaterThanOrEqual(1);
    await expectSerial(client, orderId, outcomes);
  });

  it("have the outcome of some serial order, in any mix and with any number of objects", async () => {
    const event = fc.record({
      type: fc.constantFrom("CAPTURED" as const, "REFUNDED" as const),
      amount: fc.nat(100),
      object: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 2, maxLength: 20 }), async (events) => {
        const client = await newPartner();
        const orderId = await client.createOrder();
        const outcomes = await Promise.all(
          events.map(async ({ object, ...each }) => {
            const name = `stray:${client.environmentId}:${orderId}:${object}`;
            return appendUntilDecided(name, appendCommand(client, orderId, each));
          }),
        );
        await expectSerial(client, orderId, outcomes);
      }),
      { numRuns: 20 },
    );
  });
});

describe("an ID in concurrent requests", () => {
  it("creates one order, which the other requests replay", async () => {
    const client = await newPartner();
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => client.post("/v2/orders", orderBody({ id: "wanted" }))),
    );
    expect(responses.map((each) => each.status)).toEqual(Array(10).fill(200));
    expect(responses.filter((each) => !each.headers.has("Idempotent-Replayed"))).toHaveLength(1);
    expect((await client.get("/v2/orders")).body.total).toBe(1);
  });

  it("belongs to one of two orders: the other gets a 409", async () => {
    const client = await newPartner();
    const orders = [await client.createOrder(), await client.createOrder()];
    const responses = await Promise.all(
      orders.map((id) => client.capture(id, 10, { partner_event_id: "wanted" })),
    );
    expect(responses.map((each) => each.status).toSorted((x, y) => x - y)).toEqual([200, 409]);
    expect((await client.get("/v2/order_events")).body.total).toBe(1);
  });
});

describe("a replaced order", () => {
  it("accepts one of several replacements that expect the same version", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    const responses = await Promise.all(
      Array.from({ length: 8 }, (_, amount) =>
        client.put(`/v2/orders/${id}`, orderBody({ total_order_amount: amount }), {
          "If-Match": '"1"',
        }),
      ),
    );
    expect(responses.filter((each) => each.status === 200)).toHaveLength(1);
    expect(responses.filter((each) => each.status === 412)).toHaveLength(7);
  });
});
