import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientOf } from "./client.ts";
import type { components } from "../../src/generated/openapi.d.ts";
import { freePort, Server } from "./server.ts";

const CRASHES = 5;
const CLIENTS = 16;
const ORDERS = 8;
/** How long clients write between crashes: random, so that a crash can hit any point of a write. */
const WRITING_MILLISECONDS = { least: 800, most: 2_000 };

type Event = Pick<
  components["schemas"]["OrderEvent"],
  "order_event_id" | "order_id" | "type" | "amount"
>;

let folder: string;
let server: Server;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-crash-"));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Resolves without a value if the server died before it responded: the outcome is then unknown. */
const send = (event: Event) =>
  clientOf(server.url)
    .POST("/v2/order_events", { body: { ...event, network_transaction_id: "nt" } })
    .catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error;
    });

it(`loses no acknowledged write in ${CRASHES} crashes`, async () => {
  const port = await freePort();
  const acknowledged = new Map<string, Event>();
  const unknown = new Map<string, Event>();
  const refused = new Set<string>();
  const orderIds = Array.from({ length: ORDERS }, (_, index) => `order-${index}`);
  let count = 0;

  /** Sends one event and records its outcome. */
  async function write(event: Event): Promise<void> {
    unknown.set(event.order_event_id, event);
    const result = await send(event);
    if (!result || result.response.status === 503) return;
    unknown.delete(event.order_event_id);
    if (result.data) acknowledged.set(event.order_event_id, event);
    else if (result.response.status === 409) refused.add(event.order_event_id);
    else throw new Error(JSON.stringify(result.error));
  }

  async function client(crashed: AbortSignal): Promise<void> {
    while (!crashed.aborted) {
      // A partner retries events whose outcome is unknown.
      const [retried] = count % 3 === 0 ? unknown.values() : [];
      count += 1;
      await write(
        retried ?? {
          order_event_id: `event-${count}`,
          order_id: `order-${count % ORDERS}`,
          type: count % 3 === 0 ? "REFUNDED" : "CAPTURED",
          amount: 1 + (count % 7),
        },
      );
    }
  }

  for (let crash = 0; crash <= CRASHES; crash += 1) {
    server = new Server(port, folder);
    await server.ready();
    for (const id of crash === 0 ? orderIds : []) {
      const body = { id, payment_method_id: "pm", partner_order_id: id, total_order_amount: 1 };
      expect((await clientOf(server.url).POST("/v2/orders", { body })).response.status).toBe(200);
    }
    if (crash === CRASHES) break;
    const before = acknowledged.size;
    const crashed = new AbortController();
    const clients = Array.from({ length: CLIENTS }, () => client(crashed.signal));
    const { least, most } = WRITING_MILLISECONDS;
    await sleep(least + Math.random() * (most - least));
    await server.stop("SIGKILL");
    crashed.abort();
    await Promise.all(clients);
    expect(acknowledged.size).toBeGreaterThan(before);
  }

  // A retry settles an unknown outcome: the event took effect before, or does now.
  const unsettled = [...unknown.values()];
  for (const event of unsettled) await write(event);
  expect(unknown.size).toBe(0);

  const stored = await everyEvent();
  expect(stored.map((each) => each.order_event_id).toSorted()).toEqual(
    [...acknowledged.keys()].toSorted(),
  );
  for (const each of stored) expect(each).toMatchObject(acknowledged.get(each.order_event_id)!);
  for (const id of orderIds) expect(await figuresOf(id)).toEqual(sumsOf(stored, id));
  console.log(
    `${CRASHES} crashes: ${acknowledged.size} events acknowledged and stored once, ${refused.size} refused, ${unsettled.length} of unknown outcome settled by a retry`,
  );
}, 180_000);

async function everyEvent(): Promise<Event[]> {
  const events: Event[] = [];
  for (let hasMore = true; hasMore;) {
    const query = { limit: 100, starting_after: events.at(-1)?.order_event_id };
    const { data } = await clientOf(server.url).GET("/v2/order_events", { params: { query } });
    events.push(...data!.data);
    hasMore = data!.has_more;
    if (!hasMore) expect(data!.total).toBe(events.length);
  }
  return events;
}

/** What the order has captured and refunded, read from the error of a refund that is too high. */
async function figuresOf(orderId: string) {
  const { error } = await clientOf(server.url).POST("/v2/order_events", {
    body: {
      order_id: orderId,
      type: "REFUNDED",
      amount: Number.MAX_SAFE_INTEGER,
      network_transaction_id: "nt",
    },
  });
  const { captured, refunded } = error!.error.details as Record<string, unknown>;
  return { captured, refunded };
}

function sumsOf(events: Event[], orderId: string) {
  const sum = (type: string) =>
    events
      .filter((each) => each.order_id === orderId && each.type === type)
      .reduce((total, each) => total + each.amount, 0);
  return { captured: sum("CAPTURED"), refunded: sum("REFUNDED") };
}
