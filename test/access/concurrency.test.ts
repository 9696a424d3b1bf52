import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limitConcurrency } from "../../src/access/concurrency.ts";
import type { AppEnv } from "../../src/http/context.ts";
import { MAX_BODY_BYTES } from "../../src/http/request-body.ts";
import { newPartner } from "../support/client.ts";

/** What a partner may have in work at once. */
const AT_ONCE = 8;
const REQUEST_MILLISECONDS = 20;

let started: string[];
let running: Map<string, number>;
let most: number;
let stuck: PromiseWithResolvers<void>;

/** Each request says in its path whose it is, and which; one that is `stuck` ends when it is let go. */
const app = new Hono<AppEnv>()
  .use("/:partner/*", async (c, next) => {
    c.set("apiKey", {
      partner_id: Number(c.req.param("partner")),
    } as AppEnv["Variables"]["apiKey"]);
    await next();
  })
  .use(limitConcurrency)
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

// Each test has partners of its own: the lines outlive it.
let partner = 0;
beforeEach(() => {
  partner += 10;
  [started, running, most] = [[], new Map(), 0];
  stuck = Promise.withResolvers();
});
afterEach(() => stuck.resolve());

async function send(name: string | number, { of = partner, bytes = 0, limits = "on" } = {}) {
  const init = bytes > 0 && {
    method: "POST",
    body: "x",
    headers: { "Content-Length": String(bytes) },
  };
  const url = `/${of}/${name}`;
  const answer = await app.request(url, init || {}, { RATE_LIMITS: limits });
  expect(answer.status).toBe(200);
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));
const sendAll = (names: string[], options = {}) =>
  Promise.all(names.map((name) => send(name, options)));

describe("a partner's requests", () => {
  it("are done eight at a time, in the order of their arrival", async () => {
    const names = numbers(30);
    const start = Date.now();
    await sendAll(names);
    expect([most, started]).toEqual([AT_ONCE, names]);
    // One that has ended doesn't count any more: else each eight would wait until they are lost.
    expect(Date.now() - start).toBeLessThan(2_500);
  });

  it.each([
    [MAX_BODY_BYTES, 1],
    [MAX_BODY_BYTES * 100, 1],
    [MAX_BODY_BYTES / 2, 2],
    [MAX_BODY_BYTES / 4, 4],
    [10, AT_ONCE],
  ])("with bodies of %i bytes are done %i at a time", async (bytes, expected) => {
    const names = numbers(20);
    await sendAll(names, { bytes });
    expect([most, started]).toEqual([expected, names]);
  });

  it("that are large don't wait for ever for small ones that came later", async () => {
    const names = numbers(AT_ONCE);
    await Promise.all([sendAll(names), send("large", { bytes: MAX_BODY_BYTES }), send("later")]);
    expect(started).toEqual([...names, "large", "later"]);
  });

  it("don't make another partner's wait", async () => {
    const own = sendAll(numbers(30), { bytes: MAX_BODY_BYTES });
    await send("other", { of: partner + 1 });
    expect(started.length).toBeLessThan(5);
    await own;
  });

  it("don't wait for one that has ended unseen, as its client is gone", async () => {
    void send("stuck", { bytes: MAX_BODY_BYTES });
    await send("next", { bytes: MAX_BODY_BYTES });
    expect(started).toEqual(["stuck", "next"]);
  });

  it("are done all at once where limits are off", async () => {
    await sendAll(numbers(30), { bytes: MAX_BODY_BYTES, limits: "off" });
    expect(most).toBe(30);
  });
});

describe("in the sandbox", () => {
  // The tests run with the limits off, as `wrangler dev` does.
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
    let isAnswered = false;
    const answer = client.get(path).finally(() => (isAnswered = true));
    await scheduler.wait(200);
    expect(isAnswered).toBe(false);
    stuck.resolve();
    await before;
    expect((await answer).status).not.toBe(429);
  });
});
