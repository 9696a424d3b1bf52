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
 * Holds if the outcomes are those of some serial order of the commands: the history is that order. Each
 * accepted event follows from the version before it, and each refusal is right in some version.
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

/** A command as the route makes it. */
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

describe("twenty captures and refunds at once", () => {
  it("have the outcome of some serial order, through the API", async () => {
    const client = await newPartner();
    const orderId = await client.createOrder();
    const answers = await Promise.all(
      EVENTS.map(({ amount, ...fields }) => client.capture(orderId, amount, fields)),
    );
    const outcomes = answers.map((answer): Outcome<OrderEvent> =>
      answer.status === 200
        ? { ok: true, result: answer.body, replayed: false, warnings: [] }
        : { ok: false, refusal: answer.body.error },
    );
    // The queue lets nobody lose a race: every answer is a decision.
    expect(answers.map((each) => each.status).filter((status) => status > 409)).toEqual([]);
    expect(outcomes.filter((each) => each.ok).length).toBeGreaterThanOrEqual(10);
    await expectSerial(client, orderId, outcomes);
  });

  it("have the outcome of some serial order with the queue gone: an object for each, and only the fence left", async () => {
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

  it("have the outcome of some serial order, whatever they are and however many objects run them", async () => {
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
  }, 60_000);
});

describe("an id that two requests want at once", () => {
  it("goes to one order: the others are replays", async () => {
    const client = await newPartner();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.post("/v2/orders", orderBody({ id: "wanted" }))),
    );
    expect(answers.map((each) => each.status)).toEqual(Array(10).fill(200));
    expect(answers.filter((each) => !each.headers.has("Idempotent-Replayed"))).toHaveLength(1);
    expect((await client.get("/v2/orders")).body.total).toBe(1);
  });

  it("goes to one of two orders: the other is told", async () => {
    const client = await newPartner();
    const orders = [await client.createOrder(), await client.createOrder()];
    const answers = await Promise.all(
      orders.map((id) => client.capture(id, 10, { partner_event_id: "wanted" })),
    );
    expect(answers.map((each) => each.status).toSorted((x, y) => x - y)).toEqual([200, 409]);
    expect((await client.get("/v2/order_events")).body.total).toBe(1);
  });
});

describe("a replaced order", () => {
  it("takes one of the replacements that expect the same version", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, amount) =>
        client.put(`/v2/orders/${id}`, orderBody({ total_order_amount: amount }), {
          "If-Match": '"1"',
        }),
      ),
    );
    expect(answers.filter((each) => each.status === 200)).toHaveLength(1);
    expect(answers.filter((each) => each.status === 412)).toHaveLength(7);
  });
});
