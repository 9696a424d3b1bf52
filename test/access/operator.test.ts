import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { secrets } from "../support/client.ts";

async function listPartners(token: string, address: string, limits = "on") {
  const headers = { Authorization: `Bearer ${token}`, "CF-Connecting-IP": address };
  const request = new Request("https://sandbox.test/sandbox/partners", { headers });
  const bindings = { ...env, RATE_LIMITS: limits };
  const response = await app.fetch(request, bindings, createExecutionContext());
  await response.text();
  return response;
}

async function countStatuses(address: string, attempts: number, limits?: string) {
  const counts: Record<number, number> = {};
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { status } = await listPartners(`wrong-${attempt}`, address, limits);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

it("accepts at most 20 wrong tokens a minute from an address, and always accepts the right one", async () => {
  const counts = await countStatuses("192.0.2.1", 100);
  // A new period of the limiter may start during the test, at most once.
  expect(counts[401]).toBeLessThanOrEqual(40);
  expect(counts[429]).toBeGreaterThanOrEqual(60);
  const refused = await listPartners("wrong", "192.0.2.1");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("Retry-After")).toBe("60");
  expect((await listPartners(secrets.ADMIN_TOKEN, "192.0.2.1")).status).toBe(200);
  expect((await listPartners("wrong", "192.0.2.2")).status).toBe(401);
});

it("accepts any number of tokens when rate limits are off", async () => {
  expect(await countStatuses("192.0.2.3", 50, "off")).toEqual({ 401: 50 });
});
