import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import autocannon from "autocannon";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientOf } from "./client.ts";
import { freePort, Server } from "./server.ts";

const FLOOD_REQUESTS = 5_000;
const FLOOD_CONNECTIONS = 64;

/** The valid keys belong to several partners, in equal numbers. */
const PARTNERS = 6;
const KEYS_OF_A_PARTNER = 10;
/** One valid key is used after this many rejections, so that all are used during the flood. */
const REFUSALS_BETWEEN = Math.floor(FLOOD_REQUESTS / (PARTNERS * KEYS_OF_A_PARTNER + 1));

/** How long a request's log line may take to reach the program's output. */
const LOG_TIMEOUT_MILLISECONDS = 60_000;
const LOG_POLL_MILLISECONDS = 100;

const ADMIN_TOKEN = "operator-of-this-test-with-32-characters";
const SECRETS = ["KEY_SECRET:signs-the-keys-of-this-test", `ADMIN_TOKEN:${ADMIN_TOKEN}`];
const flags = SECRETS.flatMap((secret) => ["--var", secret]);

let folder: string;
let server: Server;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-flood-"));
  server = await new Server(await freePort(), folder, ...flags).ready();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

it("spends no query on a flood of unknown keys, and accepts every valid key during it", async () => {
  const keys = await makeKeys();
  // The new process starts with an isolate that has seen none of the keys.
  await server.stop();
  server = await new Server(await freePort(), folder, ...flags).ready();

  const pending = [...keys];
  const responses: Promise<Outcome>[] = [];
  const refused = await flood(keys, (count) => {
    if (count % REFUSALS_BETWEEN > 0) return;
    const key = pending.pop();
    if (key !== undefined) responses.push(listOrders(key));
  });

  expect(refused).toEqual({ statuses: { 401: FLOOD_REQUESTS }, queries: 0 });
  // Two queries: one of them reads the key, so the isolate had not seen it before.
  const unseen = Array.from(keys, () => ({ status: 200, queries: 2 }));
  expect(await Promise.all(responses)).toEqual(unseen);
  expect(await loggedRefusals()).toBe(FLOOD_REQUESTS);
});

interface Outcome {
  status: number;
  queries: number;
}

/** Creates valid keys the way operators and partners do. */
async function makeKeys(): Promise<string[]> {
  const keys: string[] = [];
  for (let partner = 0; partner < PARTNERS; partner += 1) {
    const { key } = await post("/sandbox/partners", ADMIN_TOKEN, { name: `Partner ${partner}` });
    keys.push(key);
    for (let made = 1; made < KEYS_OF_A_PARTNER; made += 1) {
      keys.push((await post("/v2/keys", key)).key);
    }
  }
  return keys;
}

async function post(path: string, token: string, body?: object): Promise<{ key: string }> {
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} returned ${response.status}: ${text}`);
  return JSON.parse(text) as { key: string };
}

async function listOrders(key: string): Promise<Outcome> {
  const { response } = await clientOf(server.url, key).GET("/v2/orders");
  return { status: response.status, queries: queriesIn(response.headers.get("Server-Timing")) };
}

/** The number of queries that a response reports. */
function queriesIn(timing: string | null | undefined): number {
  return Number(/queries=(\d+)/.exec(timing ?? "")?.[1]);
}

/**
 * Sends a different unknown key with each request. Returns the number of responses by status and the
 * queries of all of them. Calls `afterEach` with the number of responses so far.
 */
async function flood(valid: string[], afterEach: (count: number) => void) {
  const statuses: Record<number, number> = {};
  let [sent, count, queries] = [0, 0, 0];
  const result = await autocannon({
    url: `${server.url}/v2/orders`,
    connections: FLOOD_CONNECTIONS,
    amount: FLOOD_REQUESTS,
    requests: [
      {
        setupRequest(request) {
          sent += 1;
          const key = sent % 2 ? randomKey() : altered(valid.at(sent % valid.length)!);
          return { ...request, headers: { Authorization: `Bearer ${key}` } };
        },
        onResponse(status, _body, _context, headers) {
          count += 1;
          statuses[status] = (statuses[status] ?? 0) + 1;
          queries += queriesIn(timingIn(headers));
          afterEach(count);
        },
      },
    ],
  });
  expect(result.errors).toBe(0);
  return { statuses, queries };
}

/** Autocannon leaves the case of header names as it was sent. */
function timingIn(headers: object = {}): string | undefined {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === "server-timing");
  return found?.[1] as string | undefined;
}

const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const randomCharacter = () => CHARACTERS.charAt(Math.floor(Math.random() * CHARACTERS.length));

function otherThan(character: string): string {
  const other = randomCharacter();
  return other === character ? otherThan(character) : other;
}

const PREFIX = "test_";
/** The random part of a key and its signature. */
const CHARACTERS_AFTER_PREFIX = 32 + 43;

/** A well-formed key with an invalid signature. */
function randomKey(): string {
  return PREFIX + Array.from({ length: CHARACTERS_AFTER_PREFIX }, randomCharacter).join("");
}

/** A valid key with one to three characters changed, but not the last, some of whose bits are unused. */
function altered(key: string): string {
  const changed = 1 + Math.floor(Math.random() * 3);
  const places = CHARACTERS_AFTER_PREFIX - changed;
  const from = PREFIX.length + Math.floor(Math.random() * places);
  const others = key
    .slice(from, from + changed)
    .split("")
    .map(otherThan);
  return key.slice(0, from) + others.join("") + key.slice(from + changed);
}

/** Waits until the program has logged every rejection. Returns how many it logged. */
async function loggedRefusals(): Promise<number> {
  const deadline = Date.now() + LOG_TIMEOUT_MILLISECONDS;
  for (;;) {
    const count = server.output.match(/^GET +\/v2\/orders {2}401 /gm)?.length ?? 0;
    if (count >= FLOOD_REQUESTS || Date.now() > deadline) return count;
    await sleep(LOG_POLL_MILLISECONDS);
  }
}
