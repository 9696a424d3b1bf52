import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { afterEach, beforeAll, afterAll, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import {
  createSandbox,
  verifyNotification,
  type OwnEnvironment,
  type Sandbox,
} from "../../src/local/index.ts";
import { Program } from "./program.ts";
import { freePort } from "./server.ts";

const TOKEN = "a-token-of-the-tests";
const MANY = 200;
const CUTS = 10;
/** How many are forwarded between two cuts. */
const FORWARDED = 15;
const WAIT = { timeout: 30_000 };

let sandbox: Sandbox;
let env: OwnEnvironment;
/** Ended after each test, the last one first. */
let closers: (() => unknown)[] = [];
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
});

interface Received {
  header: string;
  body: string;
  type: string;
}

/** A partner's server, which verifies what it receives. */
class Receiver {
  readonly received: Received[] = [];
  status = 204;
  milliseconds = 0;
  readonly #port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  get url(): string {
    return `http://localhost:${this.#port}/imprint`;
  }

  get eventIds(): string[] {
    return this.received.map(({ body }) => JSON.parse(body).data.event_id);
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      void this.#receive(request, response);
    }).listen(this.#port, "localhost");
    await once(this.#server, "listening");
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { "x-imprint-hmac-signature": header = "", "content-type": type = "" } = request.headers;
    const body = await text(request);
    await sleep(this.milliseconds);
    this.received.push({ header: String(header), body, type });
    response.writeHead(this.status).end(`status ${this.status}`);
  }

  /** As SIGKILL does: open connections break off. */
  async kill(): Promise<void> {
    const closed = once(this.#server!, "close");
    this.#server!.close();
    this.#server!.closeAllConnections();
    await closed;
  }
}

async function startReceiver(): Promise<Receiver> {
  const receiver = new Receiver(await freePort());
  await receiver.start();
  closers.push(() => receiver.kill().catch(() => undefined));
  return receiver;
}

async function startListening(receiver: Receiver, flags: string[] = []): Promise<Program> {
  env = await sandbox.environment();
  closers.push(() => env.delete());
  const own = ["--forward-to", receiver.url, "--key", env.key, "--signing-token", TOKEN];
  const url = flags.includes("--url") ? [] : ["--url", sandbox.url];
  const program = new Program(
    process.execPath,
    ["src/local/bin.ts", "listen", ...own, ...url, ...flags],
    "Forwarding notifications",
  );
  closers.push(() => program.stop());
  return program.ready();
}

const send = (event_id: string) =>
  env.sendNotification({ object: "TRANSACTION", data: { event_id, status: "CAPTURED" } });

const statuses = async () =>
  new Set((await env.notifications()).map(({ delivery_status }) => delivery_status));

it("forwards bytes and signature, prints a line, and logs the local response", async () => {
  const receiver = await startReceiver();
  const program = await startListening(receiver, ["--print-token"]);
  await expect.poll(() => program.output).toContain(`Signing token: ${TOKEN}`);
  await send("event-1");
  await env.waitForNotification({ event_id: "event-1", delivery_status: "acknowledged" }, WAIT);

  const [{ header, body, type }] = receiver.received as [Received];
  expect(type).toBe("application/json");
  const verification = await verifyNotification({ header, body, signing_token: TOKEN });
  expect(verification).toMatchObject({ valid: true });
  await expect
    .poll(() => program.output)
    .toMatch(/\d\d:\d\d:\d\d {2}TRANSACTION CAPTURED {2}event-1 {2}204 {2}\d+ ms\n/);
  const newest = (await env.notifications()).at(0);
  const { attempts, body: sent } = await env.notification(newest!.id);
  expect(sent).toBe(body);
  expect(attempts).toMatchObject([
    { url: receiver.url, status: 204, headers: { "X-IMPRINT-HMAC-SIGNATURE": header } },
  ]);
});

it("continues after a notification with fields of other types, and prints no control characters", async () => {
  const receiver = await startReceiver();
  const program = await startListening(receiver);
  const status = "\u001b[2J\u001b]0;OWNED\u0007\u009b31m\n::error::forged";
  await env.sendNotification({ object: "PAYMENT_METHOD", data: { event_id: 5, status } });
  await env.waitForNotification({ delivery_status: "acknowledged" }, WAIT);
  await send("event-1");
  await env.waitForNotification({ event_id: "event-1", delivery_status: "acknowledged" }, WAIT);
  await expect.poll(() => program.output).toContain("event-1");
  expect(receiver.eventIds).toEqual([5, "event-1"]);
  expect(program.output).not.toMatch(/[^\n\P{C}]/u);
  expect(program.output).not.toMatch(/^::/m);
});

it("reports a failure with the response, and forwards the retry", async () => {
  const receiver = await startReceiver();
  receiver.status = 500;
  const program = await startListening(receiver);
  await send("event-1");
  await expect.poll(() => receiver.received.length).toBe(1);
  receiver.status = 200;
  await env.waitForNotification({ delivery_status: "acknowledged" }, WAIT);
  expect(receiver.eventIds).toEqual(["event-1", "event-1"]);
  await expect.poll(() => program.output).toMatch(/500 {2}\d+ ms {2}status 500\n/);
  await expect.poll(() => program.output).toMatch(/200 {2}\d+ ms {2}attempt 2\n/);
  const newest = (await env.notifications()).at(0);
  const { attempts } = await env.notification(newest!.id);
  expect(attempts).toMatchObject([{ status: 500, response_body: "status 500" }, { status: 200 }]);
});

it("forwards only the given kinds, and removes its webhook on exit", async () => {
  const receiver = await startReceiver();
  const program = await startListening(receiver, ["--kinds", "reward,streak"]);
  expect(await env.webhooks.list()).toMatchObject([{ kinds: ["REWARD", "STREAK"] }]);
  await send("event-1");
  await env.sendNotification({ object: "STREAK" });
  await env.waitForNotification({ object: "STREAK", delivery_status: "acknowledged" }, WAIT);
  expect(receiver.received.map(({ body }) => JSON.parse(body).object)).toEqual(["STREAK"]);
  await program.stop();
  expect(await env.webhooks.list()).toEqual([]);
});

it("waits while the server is down, and then forwards everything in order", async () => {
  const receiver = await startReceiver();
  const program = await startListening(receiver);
  const ids = Array.from({ length: 30 }, (_, index) => `event-${index}`);
  receiver.milliseconds = 20;
  for (const id of ids.slice(0, 10)) await send(id);
  await expect.poll(() => receiver.received.length).toBeGreaterThan(2);
  await receiver.kill();
  for (const id of ids.slice(10)) await send(id);
  await expect.poll(() => program.output).toContain("refuses connections");
  await receiver.start();
  await expect.poll(statuses).toEqual(new Set(["acknowledged"]));
  await expect.poll(() => program.output).toContain("is back.");
  // The request that the kill cut off is retried later, as the schedule says.
  const cut = (await env.notifications()).filter(({ attempt_count }) => attempt_count > 1);
  expect(cut.length).toBeLessThanOrEqual(1);
  const retried = new Set(cut.map(({ event_id }) => event_id));
  const firsts = [...new Set(receiver.eventIds)].filter((id) => !retried.has(id));
  expect(firsts).toEqual(ids.filter((id) => !retried.has(id)));
  expect(new Set(receiver.eventIds)).toEqual(new Set(ids));
});

/** A connection between the program and the sandbox that can be cut. */
class Cable {
  readonly #sockets = new Set<Socket>();
  readonly #server;
  cuts = 0;

  constructor(target: number) {
    this.#server = createTcpServer((socket) => {
      const upstream = connect(target, "127.0.0.1");
      for (const [from, to] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy()).on("close", () => this.#sockets.delete(from));
      }
    });
  }

  async listen(): Promise<string> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.cuts += 1;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

it(`loses and repeats nothing with ${MANY} in flight while the stream is cut ${CUTS} times`, async () => {
  const cable = new Cable(Number(new URL(sandbox.url).port));
  closers.push(() => cable.close());
  const receiver = await startReceiver();
  receiver.milliseconds = 30;
  await startListening(receiver, ["--url", await cable.listen()]);
  const ids = Array.from({ length: MANY }, (_, index) => `event-${index}`);
  // All are in flight before the first one is forwarded.
  await receiver.kill();
  for (const id of ids) await send(id);
  await receiver.start();
  for (let cut = 1; cut <= CUTS; cut += 1) {
    await expect.poll(() => receiver.received.length).toBeGreaterThan(cut * FORWARDED);
    const done = await env.notifications({ delivery_status: "acknowledged" });
    const before = receiver.received.length;
    cable.cut();
    await expect.poll(() => receiver.received.length).toBeGreaterThan(before);
    // What was acknowledged before the cut isn't sent again after it.
    const after = new Set(receiver.eventIds.slice(before));
    expect(done.filter(({ event_id }) => after.has(event_id!))).toEqual([]);
  }
  await expect.poll(statuses).toEqual(new Set(["acknowledged"]));
  expect(cable.cuts).toBe(CUTS);
  const repeated = receiver.eventIds.length - MANY;
  console.log(`${MANY} forwarded, ${CUTS} cuts, ${repeated} repeated`);
  expect(repeated).toBeLessThanOrEqual(CUTS);
  expect([...new Set(receiver.eventIds)]).toEqual(ids);
});

it.each([
  [[], "--forward-to is missing. Run orders-sandbox listen --help for all flags."],
  [
    ["--forward-to", "localhost:3000"],
    "--forward-to expects a URL like http://localhost:3000/imprint, but received localhost:3000.",
  ],
  [
    ["--forward-to", "http://localhost:1", "--kinds", "ORDER"],
    "--kinds expects some of APPLICATION, TRANSACTION, PAYMENT_METHOD, CUSTOMER_LINK, REWARD, STREAK, ACCOUNT_STATUS, but received ORDER.",
  ],
  [
    ["--forward-to", "http://localhost:1", "--url", "http://localhost:1"],
    "http://localhost:1 can't be reached: is a sandbox running at this URL?",
  ],
])("exits with a sentence for %j", async (flags, sentence) => {
  const program = new Program(process.execPath, ["src/local/bin.ts", "listen", ...flags], "");
  expect(await program.exited()).toBe(1);
  expect(program.output).toBe(`${sentence}\n`);
});
