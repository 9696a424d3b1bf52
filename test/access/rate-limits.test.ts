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

/** Takes all that a partner has, straight from the limiter: how much that is, wrangler.toml says. */
async function useUp(key: string): Promise<void> {
  for (let isLeft = true; isLeft;) {
    const taken = Array.from({ length: 100 }, () => env.PARTNER_RATE_LIMIT.limit({ key }));
    isLeft = (await Promise.all(taken)).every(({ success }) => success);
  }
}

/** What a partner is answered that has nothing left. The limit's period may end meanwhile: then once more. */
async function answerBeyondLimit(client: Client): Promise<ApiResponse> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await useUp(String(client.partnerId));
    const answer = await client.get("/v2/orders");
    if (answer.status !== 200) return answer;
  }
  throw new Error("Whatever is used up, there is more");
}

it("answers 429 to a partner beyond its limit, whichever key it takes, and to no other", async () => {
  const [partner, other] = [await newPartner(), await newPartner()];
  const { body } = await partner.post("/v2/keys");
  expectStatus(await partner.get("/v2/orders"), 200);
  for (const key of [partner.key, body.key]) {
    const answer = await answerBeyondLimit(new Client(partner, key));
    expect(refusalOf(answer)).toEqual({ status: 429, type: "RATE_LIMIT_ERROR" });
    expect(answer.headers.get("Retry-After")).toBe("10");
  }
  expectStatus(await other.get("/v2/orders"), 200);
  switchTo("off");
  expectStatus(await partner.get("/v2/orders"), 200);
}, 60_000);
