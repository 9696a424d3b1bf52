import { DEFAULT_ASSUMPTIONS } from "../../src/domain/assumptions.ts";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { KEY_CACHE_KEYS, KEY_CACHE_SECONDS, KeyCache } from "../../src/access/key-cache.ts";
import { generateApiKey } from "../../src/access/secrets.ts";
import type { StoredKey } from "../../src/store/keys.ts";
import { sha256 } from "../../src/domain/sha256.ts";
import { costOf, expectStatus, newPartner, refusalOf, secrets, send } from "../support/client.ts";

const key = (last_four: string, deleted_at: string | null = null): StoredKey => ({
  environment_id: 1,
  partner_id: 1,
  id: 1,
  last_four,
  created_at: "2025-01-01T00:00:00Z",
  created_by: null,
  deleted_at,
  last_used_at: null,
  dataset_id: 1,
  has_faults: false,
  has_webhooks: false,
  assume: DEFAULT_ASSUMPTIONS,
  is_strict: false,
  expires_at: null,
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

  it("evicts the oldest key when it is full", () => {
    const cache = new KeyCache();
    for (let index = 0; index <= KEY_CACHE_KEYS; index += 1)
      cache.set(`${index}`, key(`${index}`), 0);
    expect(cache.get("0", 1)).toBeUndefined();
    expect(cache.get("1", 1)).toBeDefined();
    expect(cache.get(`${KEY_CACHE_KEYS}`, 1)).toBeDefined();
  });

  it("never accepts a deleted key again, whatever a slow lookup returns", () => {
    const cache = new KeyCache();
    cache.set("a", key("a", "2025-01-01T00:00:00Z"), 0);
    cache.set("a", key("a"), 1);
    expect(cache.get("a", 2)).toEqual(key("a", "2025-01-01T00:00:00Z"));
  });
});

describe("a key that the isolate has seen", () => {
  it("costs no query", async () => {
    const client = await newPartner();
    expect(costOf(await client.get("/v2/orders?limit=0")).queries).toBe(1);
    expect(costOf(await client.get("/v2/orders?limit=0")).queries).toBe(0);
  });

  it("stops working immediately when it deletes itself", async () => {
    const client = await newPartner();
    await client.post("/v2/keys");
    expectStatus(await client.delete("/v2/keys"), 200);
    const refused = expectStatus(await client.get("/v2/orders"), 401);
    expect(costOf(refused).queries).toBe(0);
  });

  it("stops working within 30 seconds when another isolate deletes it", async () => {
    const client = await newPartner();
    expectStatus(await client.get("/v2/orders"), 200);
    await env.DB.prepare("UPDATE api_keys SET deleted_at = ? WHERE hash = ?")
      .bind("2025-01-01T00:00:00Z", await sha256(client.key))
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
  it("in another format cost no query", async () => {
    const response = await sendKey("live_0123456789");
    expect(refusalOf(response)).toMatchObject({ status: 401 });
    expect(response.body.error.message).toContain("start with test_");
    expect(costOf(response).queries).toBe(0);
  });

  it("in our format cost no query and no memory, even in a flood", async () => {
    const client = await newPartner();
    expectStatus(await client.get("/v2/orders"), 200);
    const forged = Array.from({ length: 200 }, () => `${client.key.slice(0, -6)}${random(6)}`);
    for (const secret of [...forged, ...forged.map(() => `test_${random(75)}`), "test_"]) {
      const response = await sendKey(secret);
      expectStatus(response, 401);
      expect(costOf(response).queries).toBe(0);
    }
    expect(costOf(await client.get("/v2/orders")).queries).toBe(1);
  });

  it("with a valid signature, but of a deleted partner, cost one query in 30 seconds", async () => {
    const secret = await generateApiKey([secrets.KEY_SECRET]);
    const queries = [];
    for (let index = 0; index < 3; index += 1) queries.push(costOf(await sendKey(secret)).queries);
    expect(queries).toEqual([1, 0, 0]);
  });
});

const random = (length: number) =>
  crypto.getRandomValues(new Uint8Array(length)).toBase64({ alphabet: "base64url" }).slice(-length);
