import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashOf } from "../../src/http/secrets.ts";
import {
  Client,
  costOf,
  expectStatus,
  newPartner,
  operator,
  refusalOf,
  send,
} from "../support/client.ts";

// The tests run with the limits off, as `wrangler dev` does.
const switchTo = (state: "on" | "off") => Object.assign(env, { RATE_LIMITS: state });
beforeEach(() => switchTo("on"));
afterEach(() => switchTo("off"));

/** Takes all that is left of a limit, straight from the limiter: the limits themselves are wrangler.toml's. */
async function useUp(limiter: RateLimit, key: string): Promise<void> {
  for (let isLeft = true; isLeft;) ({ success: isLeft } = await limiter.limit({ key }));
}

const failFrom = (address: string) =>
  send("GET", "/v2/orders", {
    headers: { "CF-Connecting-IP": address, Authorization: `Bearer test_${crypto.randomUUID()}` },
  });
const readFrom = (client: { send: Client["send"] }, address: string, path = "/v2/orders") =>
  client.send("GET", path, undefined, { "CF-Connecting-IP": address });

describe("failed authentication", () => {
  it("is answered 429 to an address that fails too often, without a look-up, and to no other", async () => {
    const partner = await newPartner();
    expectStatus(await readFrom(partner, "192.0.2.1"), 200);
    expectStatus(await failFrom("192.0.2.1"), 401);
    await useUp(env.FAILED_AUTHENTICATION_RATE_LIMIT, "192.0.2.1");
    await failFrom("192.0.2.1");
    const refused = await failFrom("192.0.2.1");
    expect(refusalOf(refused)).toEqual({ status: 429, type: "RATE_LIMIT_ERROR" });
    expect(refused.headers.get("Retry-After")).toBe("60");
    expect(costOf(refused).queries).toBe(0);
    expectStatus(await failFrom("192.0.2.2"), 401);
    // Who shares the address and has a key that is known is not shut out.
    expectStatus(await readFrom(partner, "192.0.2.1"), 200);
  });

  it("keeps an address that fails too often from guessing the operator's token", async () => {
    const path = "/sandbox/partners";
    expectStatus(await readFrom(operator, "192.0.2.3", path), 200);
    await useUp(env.FAILED_AUTHENTICATION_RATE_LIMIT, "192.0.2.3");
    await failFrom("192.0.2.3");
    expectStatus(await readFrom(operator, "192.0.2.3", path), 429);
    expectStatus(await readFrom(operator, "192.0.2.4", path), 200);
  });

  it("counts the addresses of an IPv6 network as one", async () => {
    await useUp(env.FAILED_AUTHENTICATION_RATE_LIMIT, "2001:db8:0:1");
    expectStatus(await failFrom("2001:db8:0:1::1"), 429);
    expectStatus(await failFrom("2001:db8:0:1:2:3:4:5"), 429);
    expectStatus(await failFrom("2001:db8:0:2::1"), 401);
    expectStatus(await failFrom("2001:db8::1"), 401);
  });
});

describe("a key", () => {
  it("is answered 429 beyond its limit, and another key of the same partner is not", async () => {
    const partner = await newPartner();
    const { body } = await partner.post("/v2/keys");
    const other = new Client(partner.partnerId, body.key);
    expectStatus(await readFrom(partner, "192.0.2.5"), 200);
    await useUp(env.KEY_RATE_LIMIT, await hashOf(partner.key));
    const answer = await readFrom(partner, "192.0.2.5");
    expect(refusalOf(answer)).toEqual({ status: 429, type: "RATE_LIMIT_ERROR" });
    expect(answer.headers.get("Retry-After")).toBe("10");
    expectStatus(await readFrom(other, "192.0.2.5"), 200);
    switchTo("off");
    expectStatus(await readFrom(partner, "192.0.2.5"), 200);
  });
});
