import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { limitConcurrency } from "../../src/access/concurrency.ts";
import type { AppEnv } from "../../src/http/context.ts";
import { MAX_BODY_BYTES } from "../../src/http/request-body.ts";
import { newPartner } from "../support/client.ts";

/** How many small requests of a partner run at the same time. */
const MAX_RUNNING = 8;
const REQUEST_MILLISECONDS = 20;

let started: string[];
let running: Map<string, number>;
let most: number;
let stuck: PromiseWithResolvers<void>;

/** The path contains a partner and a name. A request named `stuck` ends when the test resolves it. */
const app = new Hono<AppEnv>()
  .use("/:partner/*", async (c, next) => {
    c.set("apiKey", {
      partner_id: Number(c.req.param("partner")),
    } as AppEnv["Variables"]["apiKey"]);
    await next();
  })
  .use(limitConcurrency)
  .onError((error) => {
    throw error;
  })
  .all("/:partner/:name", async (c) => {
    const { partner, name } = c.req.param();
    const now = (running.get(partner) ?? 0) + 1;
    running.set(partner, now);
    most = Math.max(most, now);
    started.push(name);
    await (name === "stuck" ? stuck.promise : scheduler.wait(REQUEST_MILLISECONDS));
    running.set(partner, running.get(partner)! - 1);
    return c.text(name);
  });

// Queues outlive a test, so each test has its own partners.
let partner = 0;
beforeEach(() => {
  partner += 10;
  [started, running, most] = [[], new Map(), 0];
  stuck = Promise.withResolvers();
});
afterEach(() => {
  vi.useRealTimers();
  stuck.resolve();
});

type Options = { of?: number; bytes?: number; limits?: string };

async function send(name: string, options: Options = {}): Promise<void> {
  expect((await respond(name, options)).status).toBe(200);
}

async function respond(name: string, { of = partner, bytes = 0, limits = "on" }: Options = {}) {
  const init = bytes > 0 && {
    method: "POST",
    body: "x",
    headers: { "Content-Length": String(bytes) },
  };
  const context = createExecutionContext();
  return app.request(`/${of}/${name}`, init || {}, { ...env, RATE_LIMITS: limits }, context);
}

/** Advances the clock that measures how long requests wait. */
function passTime(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + milliseconds });
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));
const sendAll = (names: string[], options = {}) =>
  Promise.all(names.map((name) => send(name, options)));

describe("a partner's requests", () => {
  it("run eight at a time, in order of arrival", async () => {
    const names = numbers(30);
    const start = Date.now();
    await sendAll(names);
    expect([most, started]).toEqual([MAX_RUNNING, names]);
    expect(Date.now() - start).toBeLessThan(2_500);
  });

  it.each([
    [MAX_BODY_BYTES, 1],
    [MAX_BODY_BYTES * 100, 1],
    [MAX_BODY_BYTES / 2, 2],
    [MAX_BODY_BYTES / 4, 4],
    [10, MAX_RUNNING],
  ])("with bodies of %i bytes run %i at a time", async (bytes, expected) => {
    const names = numbers(20);
    await sendAll(names, { bytes });
    expect([most, started]).toEqual([expected, names]);
  });

  it("that are large run before small ones that arrived later", async () => {
    const names = numbers(MAX_RUNNING);
    await Promise.all([sendAll(names), send("large", { bytes: MAX_BODY_BYTES }), send("later")]);
    expect(started).toEqual([...names, "large", "later"]);
  });

  it("don't delay those of another partner", async () => {
    const own = sendAll(numbers(30), { bytes: MAX_BODY_BYTES });
    await send("other", { of: partner + 1 });
    expect(started.length).toBeLessThan(5);
    await own;
  });

  it("wait for a slow one until it ends", async () => {
    const slow = send("stuck", { bytes: MAX_BODY_BYTES });
    const next = send("next", { bytes: MAX_BODY_BYTES });
    await scheduler.wait(1_500);
    expect(started).toEqual(["stuck"]);
    stuck.resolve();
    await Promise.all([slow, next]);
    expect(started).toEqual(["stuck", "next"]);
  });

  it("keep their order if the isolate is paused", async () => {
    const slow = send("stuck", { bytes: MAX_BODY_BYTES });
    const first = send("first", { bytes: MAX_BODY_BYTES });
    passTime(2_000);
    const second = send("second", { bytes: MAX_BODY_BYTES });
    stuck.resolve();
    await Promise.all([slow, first, second]);
    expect(started).toEqual(["stuck", "first", "second"]);
  });

  it("get a 429 after waiting for 30 seconds", async () => {
    void send("stuck", { bytes: MAX_BODY_BYTES });
    const waiting = respond("next", { bytes: MAX_BODY_BYTES });
    passTime(31_000);
    await expect(waiting).rejects.toMatchObject({
      body: { type: "RATE_LIMIT_ERROR" },
      headers: { "Retry-After": "1" },
    });
    expect(started).toEqual(["stuck"]);
  });

  it("get a 429 while 500 other requests wait", async () => {
    void send("stuck", { bytes: MAX_BODY_BYTES });
    const others = Promise.allSettled(numbers(500).map((name) => respond(name)));
    await expect(respond("one too many")).rejects.toMatchObject({
      body: { type: "RATE_LIMIT_ERROR" },
    });
    passTime(31_000);
    await others;
  });

  it("don't wait for a request that the runtime ended without running its finally", async () => {
    void send("stuck", { bytes: MAX_BODY_BYTES });
    await scheduler.wait(10);
    passTime(61_000);
    await send("next", { bytes: MAX_BODY_BYTES });
    expect(started).toEqual(["stuck", "next"]);
  });

  it("all run at the same time if limits are off", async () => {
    await sendAll(numbers(30), { bytes: MAX_BODY_BYTES, limits: "off" });
    expect(most).toBe(30);
  });
});

describe("in the sandbox", () => {
  // Limits are off in the tests, as in `wrangler dev`.
  beforeEach(() => Object.assign(env, { RATE_LIMITS: "on" }));
  afterEach(() => Object.assign(env, { RATE_LIMITS: "off" }));

  it.each([
    "/v2/orders",
    "/v2/order_events",
    "/v2/nothing",
    "/sandbox/keys",
    "/sandbox/environments",
    "/sandbox/orders/o-1/timeline",
    "/sandbox/faults",
    "/sandbox/requests",
  ])("a request for %s waits for the partner's others", async (path) => {
    const client = await newPartner();
    const before = send("stuck", { of: client.partnerId, bytes: MAX_BODY_BYTES });
    let hasEnded = false;
    const response = client.get(path).finally(() => (hasEnded = true));
    await scheduler.wait(200);
    expect(hasEnded).toBe(false);
    stuck.resolve();
    await before;
    expect((await response).status).not.toBe(429);
  });
});
