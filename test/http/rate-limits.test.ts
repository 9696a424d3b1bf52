import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { hashOf } from "../../src/http/secrets.ts";
import { type Client, expectStatus, newPartner, refusalOf, send } from "../support/client.ts";

/** As wrangler.toml has it. */
const FAILURE_LIMIT = 30;

// The tests run with the limits off, as `wrangler dev` does.
const switchTo = (state: "on" | "off") => Object.assign(env, { RATE_LIMITS: state });
afterEach(() => switchTo("off"));

const failFrom = (address: string) =>
  send("GET", "/v2/orders", { headers: { "CF-Connecting-IP": address } });
const read = (partner: Client, address: string) =>
  partner.send("GET", "/v2/orders?limit=1", undefined, { "CF-Connecting-IP": address });

/** Takes all that the key of a partner has left, straight from the limiter. */
async function useUp({ key }: Client): Promise<void> {
  const hash = await hashOf(key);
  for (let isLeft = true; isLeft;)
    ({ success: isLeft } = await env.KEY_RATE_LIMIT.limit({ key: hash }));
}

describe("failed authentication", () => {
  it("is answered 429 to an address that fails too often, and to no other", async () => {
    switchTo("on");
    const partner = await newPartner();
    const address = "192.0.2.1";
    for (let failure = 0; failure < FAILURE_LIMIT; failure += 1) {
      expectStatus(await failFrom(address), 401);
    }
    const refused = await failFrom(address);
    expect(refusalOf(refused)).toEqual({ status: 429, type: "RATE_LIMIT_ERROR" });
    expect(refused.headers.get("Retry-After")).toBe("60");
    expectStatus(await failFrom("192.0.2.2"), 401);
    // Who shares the address and has a key is not shut out.
    expectStatus(await read(partner, address), 200);
  });

  it("is not counted where limits are off", async () => {
    for (let failure = 0; failure < 2 * FAILURE_LIMIT; failure += 1) {
      expectStatus(await failFrom("192.0.2.3"), 401);
    }
  });
});

describe("a key", () => {
  it("is answered 429 beyond its limit, and another key of the same partner is not", async () => {
    switchTo("on");
    const partner = await newPartner();
    const other = await newPartner();
    expectStatus(await read(partner, "192.0.2.4"), 200);
    await useUp(partner);
    const answer = await read(partner, "192.0.2.4");
    expect(refusalOf(answer)).toEqual({ status: 429, type: "RATE_LIMIT_ERROR" });
    expect(answer.headers.get("Retry-After")).toBe("10");
    expectStatus(await read(other, "192.0.2.4"), 200);
    switchTo("off");
    expectStatus(await read(partner, "192.0.2.4"), 200);
  });
});
