import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  Client,
  expectStatus,
  newPartner,
  refusalOf,
  type ApiResponse,
} from "../support/client.ts";

// The tests run with the limits off, as `wrangler dev` does.
const switchTo = (state: "on" | "off") => Object.assign(env, { RATE_LIMITS: state });
beforeEach(() => switchTo("on"));
afterEach(() => switchTo("off"));

/** Uses up a partner's allowance, of which wrangler.toml has the size, directly at the limiter. */
async function useUp(key: string): Promise<void> {
  for (let isLeft = true; isLeft;) {
    const taken = Array.from({ length: 100 }, () => env.PARTNER_RATE_LIMIT.limit({ key }));
    isLeft = (await Promise.all(taken)).every(({ success }) => success);
  }
}

/** Sends a request beyond the limit. Tries again if a new period of the limiter started before it. */
async function sendBeyondLimit(client: Client): Promise<ApiResponse> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await useUp(String(client.partnerId));
    const response = await client.get("/v2/orders");
    if (response.status !== 200) return response;
  }
  throw new Error("The limit was not reached in five attempts");
}

it("returns 429 to a partner beyond its limit, with any of its keys, and to no other partner", async () => {
  const [partner, other] = [await newPartner(), await newPartner()];
  const { body } = await partner.post("/v2/keys");
  expectStatus(await partner.get("/v2/orders"), 200);
  for (const key of [partner.key, body.key]) {
    const response = await sendBeyondLimit(new Client(partner, key));
    expect(refusalOf(response)).toEqual({ status: 429, type: "RATE_LIMIT_ERROR" });
    expect(response.headers.get("Retry-After")).toBe("10");
  }
  expectStatus(await other.get("/v2/orders"), 200);
  switchTo("off");
  expectStatus(await partner.get("/v2/orders"), 200);
});
