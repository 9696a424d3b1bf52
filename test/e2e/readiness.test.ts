import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { CHECK_IDS } from "../../src/domain/readiness/checks.ts";
import { CHECK_STATUSES } from "../../src/domain/readiness/verdict.ts";
import {
  createSandbox,
  type EnvironmentOptions,
  type OwnEnvironment,
  type Readiness,
  type Sandbox,
} from "../../src/local/index.ts";
import { FORMATS } from "../../src/local/readiness-formats.ts";
import { clientOf } from "./client.ts";
import { GOOD_HABITS, ShopClient, type Habits } from "./readiness-client.ts";

const RUN_MILLISECONDS = 60_000;
/** A receiver has 5 seconds. */
const LATE_MILLISECONDS = 5_200;
const POLL_MILLISECONDS = 200;

/** The outcomes of each check that the reports of this file had. */
const seen = new Set<string>();

async function reportOf(
  source: Pick<Sandbox, "readiness">,
  ...options: Parameters<Sandbox["readiness"]>
): Promise<Readiness> {
  const report = await source.readiness(...options);
  for (const { id, status } of report.checks) seen.add(`${id} ${status}`);
  return report;
}

let sandbox: Sandbox;
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());

/** Runs the client in an environment of its own, with a key of its own. */
async function prove(habits: Partial<Habits>, options: EnvironmentOptions = {}) {
  const env = await sandbox.environment(options);
  const { data } = await clientOf(sandbox.url).POST("/sandbox/environments/{environment_id}/keys", {
    params: { path: { environment_id: env.id } },
  });
  await new ShopClient(env, data!.key, { ...GOOD_HABITS, ...habits }).proveEverything();
  return env;
}

/** The checks that have not passed, by their status. */
const openChecks = ({ checks }: Readiness) =>
  Object.fromEntries(
    checks.filter(({ status }) => status !== "passed").map(({ id, status }) => [id, status]),
  );

const failedChecks = ({ checks }: Readiness) =>
  checks.filter(({ status }) => status === "failed").map(({ id }) => id);

it("reports nothing as seen in a new environment", async () => {
  await using env = await sandbox.environment();
  const { ready, checks, environment } = await reportOf(env);
  expect(environment).toBe(env.id);
  expect(ready).toBe(false);
  expect(new Set(checks.map(({ status }) => status))).toEqual(new Set(["not_seen"]));
});

it("passes a well-behaved client in one run", async () => {
  const began = performance.now();
  await using env = await prove({});
  const report = await reportOf(env);
  console.log(`A well-behaved client was ready after ${Math.round(performance.now() - began)} ms`);
  expect(report.checks.filter(({ status }) => status !== "passed")).toEqual([]);
  expect(report.ready).toBe(true);
  const text = FORMATS["text"]?.({ report, required: new Set(CHECK_IDS) });
  expect(text).toMatch(/\nReady\.\n--environments all also checks .* both possible behaviors/);
  expect(performance.now() - began).toBeLessThan(RUN_MILLISECONDS);
  for (const { evidence } of report.checks) {
    for (const { id, request_id } of evidence) {
      if (id !== undefined) expect(await env.request(id)).toMatchObject({ request_id });
    }
  }
});

const retried = ["lost_response", "cut_response", "error_after_commit", "proxy_page"];
const failing = (...ids: string[]) => Object.fromEntries(ids.map((id) => [id, "failed"]));

/** What each broken client leaves open. */
const BROKEN: [name: string, habits: Partial<Habits>, open: Record<string, string>][] = [
  ["sends no IDs", { sendsIds: false }, failing("repeatable_creations", ...retried, "card_agrees")],
  [
    "retries with a new ID",
    { keepsIdOnRetry: false },
    {
      ...failing(...retried, "unavailable", "rate_limited", "card_agrees"),
      growing_pauses: "not_seen",
    },
  ],
  ["retries a 409", { stopsOnConflict: false }, failing("no_blind_retries", "refund_refused")],
  ["ignores Retry-After", { waitsForRetryAfter: false }, failing("unavailable", "rate_limited")],
  ["reads the first page only", { followsPages: false }, failing("lists_followed")],
  ["refunds without rewards", { refundsRewards: false }, failing("line_refund")],
  ["names another transaction", { namesTransaction: false }, failing("card_agrees")],
  [
    "verifies a parsed body",
    { verifiesRawBody: false },
    {
      ...failing("duplicate_notification", "reordered_notification", "notification_redelivered"),
      ...failing("card_agrees"),
      notification_acknowledged: "not_seen",
      // It refuses every notification, which says nothing about the forged ones.
      invalid_signature: "not_seen",
      stale_signature: "not_seen",
    },
  ],
  ["acts on each duplicate", { actsOnce: false }, failing("duplicate_notification", "card_agrees")],
  ["never rotates its key", { rotatesKey: false }, { key_rotated: "not_seen" }],
];

describe.concurrent("a client that", () => {
  it.each(BROKEN)("%s fails exactly its checks", async (_, habits, open) => {
    await using env = await prove(habits);
    expect(openChecks(await reportOf(env))).toEqual(open);
  });

  it("accepts any signature and responds late fails its checks", async () => {
    await using receiver = await startBadReceiver();
    await using env = await sandbox.environment();
    await env.webhooks.add({ url: receiver.url, retry_after_seconds: [] });
    for (const fault of ["invalid_signature", "stale_signature"] as const) {
      await env.faults.add({ fault, match: { object: "REWARD" } });
      await env.sendNotification({ object: "REWARD" });
    }
    const attemptOf = async (object: "STREAK" | "ACCOUNT_STATUS") => {
      const { id } = await env.sendNotification({ object });
      for (;;) {
        const { delivery_status, attempts } = await env.notification(id);
        if (delivery_status !== "pending") return attempts.at(0);
        await sleep(POLL_MILLISECONDS);
      }
    };
    const [silent, endless] = await Promise.all([attemptOf("STREAK"), attemptOf("ACCOUNT_STATUS")]);
    expect(silent).toMatchObject({ status: null, error: "No response within 15 seconds." });
    expect(endless?.status).toBe(200);
    expect(endless?.ms).toBeLessThan(LATE_MILLISECONDS);
    const failed = ["notification_acknowledged", "invalid_signature", "stale_signature"];
    expect(failedChecks(await reportOf(env))).toEqual(failed);
  });
});

/** Acknowledges a REWARD late, a STREAK never, and an ACCOUNT_STATUS with a body without an end. */
async function startBadReceiver() {
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { object } = (await json(request)) as { object: string };
    if (object === "REWARD") await sleep(LATE_MILLISECONDS);
    if (object !== "STREAK") response.writeHead(200).write("x".repeat(5_000));
    if (object === "REWARD") response.end();
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: async () => close() };
}

it("fails the other checks for a client that makes every mistake", async () => {
  await using env = await sandbox.environment();
  await makeMistakes(env);
  expect(failedChecks(await reportOf(env))).toEqual([
    "distinct_creations",
    "growing_pauses",
    "several_captures",
    "partial_refund",
    "full_refund",
    "order_changed",
    "order_cancelled",
    "known_names",
    "key_rotated",
  ]);
});

async function makeMistakes(env: OwnEnvironment): Promise<void> {
  const send = async (method: string, path: string, body?: object, key = env.key) => {
    const response = await fetch(env.url + path, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await response.json().catch(() => ({}))) as { key?: string };
  };
  const order = { id: "order-1", payment_method_id: "pm-1", partner_order_id: "po-1" };
  const event = { order_id: "order-1", network_transaction_id: "txn-1" };
  const post = (id: string, type: string, amount: unknown, more = {}) =>
    send("POST", "/v2/order_events", { order_event_id: id, ...event, type, amount, ...more });
  await send("POST", "/v2/orders", { ...order, total_order_amount: 5_000, merchant: "Misspelt" });
  await post("event-1", "CAPTURED", 5_000);
  await post("event-1", "CAPTURED", 4_000);
  await post("event-2", "CAPTURED", 5_000);
  const wrong = { order_lines: [{ name: "Lamp", quantity: 1, rate: 1, rewards_rate: 0 }] };
  await post("event-3", "REFUNDED", 1_000, wrong);
  await post("event-4", "REFUNDED", 10_000, wrong);
  await send("PUT", "/v2/orders/order-1", { ...order, id: "order-2", total_order_amount: 1 });
  await send("DELETE", "/v2/orders/order-1");
  await env.faults.add({ fault: "unavailable", times: 4, retry_after: 0 });
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await post("event-5", "CAPTURED", 1);
    // Steps longer than the jitter of a busy machine.
    await sleep(500 * (5 - attempt));
  }
  // The library keeps the environment's own key.
  const { key: first } = await send("POST", "/v2/keys");
  const { key: second } = await send("POST", "/v2/keys", undefined, first);
  await send("DELETE", "/v2/keys", undefined, first);
  await send("GET", "/v2/orders", undefined, second);
}

it("sums up environments that tests have made and deleted, and both readings", async () => {
  const since = new Date().toISOString();
  const assume = {
    duplicate_ids: "conflict",
    idempotency_key: "ignored",
    refund_beyond_captured: "accepted",
  } as const;
  const before = await reportOf(sandbox, { environments: "all", since });
  expect(before).toMatchObject({ ready: false, environment: "all" });
  expect(before.checks.at(-1)).toMatchObject({ id: "both_readings", status: "not_seen" });
  {
    await using _ = await prove({});
  }
  await using other = await prove({ refundsTooMuch: false }, { assume });
  // Nothing is refused there.
  expect(openChecks(await reportOf(other))).toEqual({ refund_refused: "not_seen" });
  const report = await reportOf(sandbox, { environments: "all", since });
  expect(openChecks(report)).toEqual({});
  expect(report.ready).toBe(true);
  await expect(other.readiness({ environments: "all" })).rejects.toMatchObject({ status: 403 });
  await refundTooMuch(other);
  expect(failedChecks(await reportOf(sandbox, { environments: "all", since }))).toContain(
    "both_readings",
  );
});

/** Refunds more than was captured where the sandbox accepts it. */
async function refundTooMuch(env: OwnEnvironment): Promise<void> {
  const client = clientOf(sandbox.url, env.key);
  const order = { id: "order-1", payment_method_id: "pm-1", partner_order_id: "po-1" };
  await client.POST("/v2/orders", { body: { ...order, total_order_amount: 5_000 } });
  const event = { order_id: "order-1", network_transaction_id: "txn-1", amount: 100 };
  const body = { ...event, type: "REFUNDED" as const, order_event_id: "event-1" };
  const { response } = await client.POST("/v2/order_events", { body });
  expect(response.status).toBe(200);
}

it("has had each outcome of each check", () => {
  const all = CHECK_IDS.flatMap((id) => CHECK_STATUSES.map((status) => `${id} ${status}`));
  expect(all.filter((outcome) => !seen.has(outcome))).toEqual([]);
});
