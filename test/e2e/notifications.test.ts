/** Notifications over real connections, from a server that is started, killed and loaded as a user's is. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { clientOf } from "./client.ts";
import { freePort, Server } from "./server.ts";

const NOTIFICATIONS = 1_000;
const SLOW_MILLISECONDS = 10_000;
const CRASHES = 5;
const CLIENTS = 8;

/** In place of a status: the connection closes without a response. */
const HANG_UP = 0;

/** The responses of a receiver that fails at random. */
const OUTCOMES = [500, HANG_UP, 200, 200, 200, 200];

/** A receiver that counts what it acknowledged, by event. */
class Receiver {
  readonly acknowledged = new Map<string, number>();
  attempts = 0;
  running = 0;
  mostRunning = 0;
  url = "";
  readonly #respond: () => Promise<number>;
  readonly #server = createServer((request, response) => {
    void this.#receive(request).then((status) =>
      status === HANG_UP ? request.socket.destroy() : response.writeHead(status).end(),
    );
  });

  constructor(respond: () => Promise<number> = async () => 200) {
    this.#respond = respond;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://localhost:${(this.#server.address() as AddressInfo).port}/imprint`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage): Promise<number> {
    this.attempts += 1;
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const { event_id } = (JSON.parse(body) as { data: { event_id: string } }).data;
    const status = await this.#respond();
    this.running -= 1;
    if (status === 200) this.acknowledged.set(event_id, (this.acknowledged.get(event_id) ?? 0) + 1);
    return status;
  }
}

let folder: string;
let server: Server;
let receivers: Receiver[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-notifications-"));
  receivers = [];
});
afterEach(async () => {
  await server.stop();
  await Promise.all(receivers.map((each) => each.close()));
  await rm(folder, { recursive: true, force: true });
});

async function start(port: number): Promise<void> {
  server = new Server(port, folder);
  await server.ready();
}

async function addReceiver(
  retry_after_seconds: number[],
  respond?: () => Promise<number>,
): Promise<Receiver> {
  const receiver = await new Receiver(respond).listen();
  receivers.push(receiver);
  const body = { url: receiver.url, kinds: ["TRANSACTION" as const], retry_after_seconds };
  const { response } = await clientOf(server.url).POST("/sandbox/webhooks", { body });
  expect(response.status).toBe(200);
  return receiver;
}

/** Simulates a captured transaction. Resolves to its event; without a value if the server died. */
async function capture(key?: string): Promise<string | undefined> {
  const body = { payment_method_id: "pm-1", status: "CAPTURED" as const, amount: 400 };
  try {
    const client = clientOf(server.url, key);
    const { data } = await client.POST("/v2/simulate_transaction_event", { body });
    return data?.event_id;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

async function captureMany(count: number, key?: string): Promise<string[]> {
  const events: string[] = [];
  let missing = count;
  const client = async () => {
    while (missing > 0) {
      missing -= 1;
      const event = await capture(key);
      if (event === undefined) missing += 1;
      else events.push(event);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return events;
}

const lost = (events: string[], { acknowledged }: Receiver) =>
  events.filter((event) => !acknowledged.has(event));

async function waitForAll(events: string[], receiver: Receiver, timeout: number): Promise<void> {
  await expect.poll(() => lost(events, receiver).length, { timeout, interval: 100 }).toBe(0);
}

/** Sends notifications to a reliable webhook and to one that fails at random. Prints and returns the time. */
async function timeToDeliver(count: number, situation: string): Promise<number> {
  const [reliable, unreliable] = [
    await addReceiver([1, 1, 1]),
    await addReceiver(
      Array.from({ length: 20 }, () => 1),
      async () => OUTCOMES[Math.floor(Math.random() * OUTCOMES.length)] ?? 200,
    ),
  ];
  const begin = performance.now();
  const events = await captureMany(count);
  await waitForAll(events, reliable, 120_000);
  await waitForAll(events, unreliable, 120_000);
  const milliseconds = performance.now() - begin;
  for (const [name, receiver] of Object.entries({ reliable, unreliable })) {
    const { acknowledged, attempts } = receiver;
    console.log(
      `${situation}, ${name} webhook: ${acknowledged.size} of ${count} delivered at least once, in ${attempts} attempts, lost = ${lost(events, receiver).length}`,
    );
  }
  console.log(`${situation}, both webhooks: ${Math.round(milliseconds)} ms`);
  expect(reliable.acknowledged.size).toBe(events.length);
  expect(Math.max(reliable.mostRunning, unreliable.mostRunning)).toBeLessThanOrEqual(2);
  return milliseconds;
}

it(`delivers ${NOTIFICATIONS} notifications to two webhooks as fast next to a slow third`, async () => {
  await start(await freePort());
  const alone = await timeToDeliver(NOTIFICATIONS, "Without the slow third");
  const client = clientOf(server.url);
  const { data } = await client.GET("/sandbox/webhooks", {});
  for (const { id } of data!.data) {
    await client.DELETE("/sandbox/webhooks/{webhook_id}", {
      params: { path: { webhook_id: id } },
    });
  }
  const stranger = await captureMany(5, "test_sandbox_b");
  const slow = await addReceiver([1], async () => {
    await sleep(SLOW_MILLISECONDS);
    return 200;
  });
  const together = await timeToDeliver(NOTIFICATIONS, "Next to the slow third");
  // Other work on the machine changes in between. Waiting for the slow third would take more than an hour.
  expect(together).toBeLessThan(alone * 3);
  expect(slow.mostRunning).toBeLessThanOrEqual(2);
  for (const { acknowledged } of receivers) {
    expect(stranger.filter((event) => acknowledged.has(event))).toEqual([]);
  }
  // Of the slow webhook's notifications, none is lost: each is acknowledged or on its way.
  const count = async (delivery_status?: "unaddressed" | "pending" | "failed") => {
    const query = { limit: 1, ...(delivery_status && { delivery_status }) };
    return (await client.GET("/sandbox/notifications", { params: { query } })).data!.total;
  };
  const lostOnes = (await count("failed")) + (await count("unaddressed"));
  const pending = await count("pending");
  console.log(
    `The third, which takes ${SLOW_MILLISECONDS} ms for each: ${NOTIFICATIONS - pending - lostOnes} of ${NOTIFICATIONS} delivered, ${pending} on their way, lost = ${lostOnes}`,
  );
  expect(await count()).toBe(2 * NOTIFICATIONS);
  expect(pending).toBeGreaterThan(NOTIFICATIONS / 2);
  expect(lostOnes).toBe(0);
  expect(server.output).not.toContain("rror:");
}, 300_000);

it(`loses no committed notification in ${CRASHES} crashes`, async () => {
  const port = await freePort();
  const events: string[] = [];
  await start(port);
  const receiver = await addReceiver([1, 1, 1, 1, 1, 1]);
  for (let crash = 0; crash < CRASHES; crash += 1) {
    if (crash > 0) await start(port);
    const crashed = new AbortController();
    const client = async () => {
      while (!crashed.signal.aborted) {
        const event = await capture();
        if (event !== undefined) events.push(event);
      }
    };
    const clients = Array.from({ length: CLIENTS }, client);
    await sleep(500 + Math.random() * 1_000);
    await server.stop("SIGKILL");
    crashed.abort();
    await Promise.all(clients);
  }
  await start(port);
  const restarted = performance.now();
  await waitForAll(events, receiver, 60_000);
  const milliseconds = Math.round(performance.now() - restarted);
  const committed = await committedEvents();
  await waitForAll(committed, receiver, 60_000);
  const repeated = [...receiver.acknowledged.values()].filter((times) => times > 1).length;
  console.log(
    `${CRASHES} crashes: ${committed.length} of ${committed.length} committed events delivered, lost = ${lost(committed, receiver).length}, ${repeated} more than once, ${events.length} acknowledged to the client, all ${milliseconds} ms after the last start`,
  );
}, 300_000);

/** The event of each stored transaction: also of those whose response was lost. */
async function committedEvents(): Promise<string[]> {
  const client = clientOf(server.url);
  const events: string[] = [];
  let starting_after: string | undefined;
  for (let hasMore = true; hasMore;) {
    const query = { limit: 100, starting_after };
    const { data } = await client.GET("/sandbox/transactions", { params: { query } });
    for (const { id: transaction_id } of data!.data) {
      const params = { path: { transaction_id } };
      const found = await client.GET("/sandbox/transactions/{transaction_id}", { params });
      events.push(...found.data!.events.map(({ event_id }) => event_id));
    }
    starting_after = data!.data.at(-1)?.id;
    hasMore = data!.has_more;
  }
  return events;
}
