import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  KEY_CACHE_KEYS,
  KEY_CACHE_SECONDS,
  KeyCache,
  UNKNOWN_KEYS_PER_SECOND,
} from "../../src/http/key-cache.ts";
import { hashOf } from "../../src/http/secrets.ts";
import { costOf, expectStatus, newPartner, refusalOf, send } from "../support/client.ts";

const key = (hash: string, deleted_at: string | null = null) => ({
  hash,
  partner_id: 1,
  last_four: "abcd",
  created_at: "2025-01-01T00:00:00Z",
  deleted_at,
});

afterEach(() => vi.useRealTimers());

describe("the key cache", () => {
  it("remembers a key for 30 seconds", () => {
    const cache = new KeyCache();
    cache.set("a", key("a"), 0);
    expect(cache.get("a", KEY_CACHE_SECONDS * 1_000 - 1)).toEqual(key("a"));
    expect(cache.get("a", KEY_CACHE_SECONDS * 1_000)).toBeUndefined();
    expect(KEY_CACHE_SECONDS).toBeLessThanOrEqual(30);
  });

  it("is bounded: the oldest key is forgotten", () => {
    const cache = new KeyCache();
    for (let index = 0; index <= KEY_CACHE_KEYS; index += 1)
      cache.set(`${index}`, key(`${index}`), 0);
    expect(cache.get("0", 1)).toBeUndefined();
    expect(cache.get("1", 1)).toBeDefined();
    expect(cache.get(`${KEY_CACHE_KEYS}`, 1)).toBeDefined();
  });

  it("does not take a deleted key for a valid one again, whatever a slow look-up says", () => {
    const cache = new KeyCache();
    cache.set("a", key("a", "2025-01-01T00:00:00Z"), 0);
    cache.set("a", key("a"), 1);
    expect(cache.get("a", 2)?.deleted_at).toBe("2025-01-01T00:00:00Z");
  });
});

describe("a key that the isolate has seen", () => {
  it("costs no query", async () => {
    const client = await newPartner();
    expect(costOf(await client.get("/v2/orders?limit=0")).queries).toBe(1);
    expect(costOf(await client.get("/v2/orders?limit=0")).queries).toBe(0);
  });

  it("stops at once when it deletes itself", async () => {
    const client = await newPartner();
    await client.post("/v2/keys");
    expectStatus(await client.delete("/v2/keys"), 200);
    const refused = expectStatus(await client.get("/v2/orders"), 401);
    expect(costOf(refused).queries).toBe(0);
  });

  it("stops within 30 seconds when another isolate deletes it", async () => {
    const client = await newPartner();
    expectStatus(await client.get("/v2/orders"), 200);
    await env.DB.prepare("UPDATE api_keys SET deleted_at = ? WHERE hash = ?")
      .bind("2025-01-01T00:00:00Z", await hashOf(client.key))
      .run();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + (KEY_CACHE_SECONDS - 1) * 1_000 });
    expectStatus(await client.get("/v2/orders"), 200);
    vi.setSystemTime(Date.now() + 1_000);
    expectStatus(await client.get("/v2/orders"), 401);
  });
});

const sendKey = (secret: string) =>
  send("GET", "/v2/orders", { headers: { Authorization: `Bearer ${secret}` } });

describe("unknown keys", () => {
  it("of another form than ours are not looked up", async () => {
    const answer = await sendKey("live_0123456789");
    expect(refusalOf(answer)).toMatchObject({ status: 401 });
    expect(answer.body.error.message).toContain("starts with test_");
    expect(costOf(answer).queries).toBe(0);
  });

  it("in a flood cost a bounded number of queries, and nothing to who is known", async () => {
    const client = await newPartner();
    expectStatus(await client.get("/v2/orders"), 200);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 });
    let queries = 0;
    const counts = new Map<number, number>();
    for (let index = 0; index < 4 * UNKNOWN_KEYS_PER_SECOND; index += 1) {
      const answer = await sendKey(`test_flood-${index}`);
      queries += costOf(answer).queries;
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
    }
    expect(queries).toBe(UNKNOWN_KEYS_PER_SECOND);
    expect([...counts]).toEqual([
      [401, UNKNOWN_KEYS_PER_SECOND],
      [429, 3 * UNKNOWN_KEYS_PER_SECOND],
    ]);
    const turnedAway = await sendKey("test_flood");
    expect(refusalOf(turnedAway)).toEqual({ status: 429, type: "RATE_LIMIT_ERROR" });
    expect(turnedAway.headers.get("Retry-After")).toBe("1");
    expectStatus(await client.get("/v2/orders"), 200);
    vi.setSystemTime(Date.now() + 1_000);
    expectStatus(await sendKey("test_flood"), 401);
  });
});
