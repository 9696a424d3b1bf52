import { beforeEach, describe, expect, it } from "vitest";
import { MAX_WEBHOOKS, NOTIFICATION_KINDS } from "../../../src/domain/webhooks.ts";
import { expectStatus, newPartner, refusalOf, type Client } from "../../support/client.ts";
import {
  addWebhook,
  capture,
  passAnHour,
  reasonOf,
  Receiver,
  settled,
} from "../../support/receiver.ts";
import { setVariables } from "../../support/variables.ts";

const WEBHOOKS = "/sandbox/webhooks";
const url = "https://partner-tools.dev/imprint";

let partner: Client;
beforeEach(async () => {
  setVariables({ WEBHOOK_ADDRESSES: "public" });
  partner = await newPartner();
});

const add = async (body: unknown) => expectStatus(await partner.post(WEBHOOKS, body), 200).body;
const change = (id: string, body: unknown) => partner.send("PATCH", `${WEBHOOKS}/${id}`, body);

describe("a webhook", () => {
  it("has defaults for everything", async () => {
    const added = await add({ url });
    expect(added).toEqual({
      id: expect.any(String),
      url,
      kinds: [...NOTIFICATION_KINDS],
      signing_token: expect.stringMatching(/^[0-9a-f]{64}$/),
      signature: { key: "token", timestamp: "milliseconds" },
      retry_after_seconds: [5, 30, 120, 600, 3_600, 21_600],
      status: "active",
      created_at: expect.any(String),
    });
    expect((await partner.get(`${WEBHOOKS}/${added.id}`)).body).toEqual(added);
    expect((await partner.get(WEBHOOKS)).body).toEqual({
      data: [added],
      has_more: false,
      total: 1,
    });
  });

  it("keeps its settings, and changes only what a request names", async () => {
    const settings = {
      kinds: ["REWARD", "TRANSACTION"],
      signing_token: "mine",
      signature: { key: "sha256_hex", timestamp: "seconds" },
      retry_after_seconds: [1],
    };
    const added = await add({ url, ...settings });
    expect(added).toMatchObject(settings);
    const changed = expectStatus(await change(added.id, { signature: { key: "token" } }), 200).body;
    expect(changed).toEqual({ ...added, signature: { key: "token", timestamp: "seconds" } });
    const moved = expectStatus(await change(added.id, { url: `${url}/2` }), 200).body;
    expect(moved).toEqual({ ...changed, url: `${url}/2` });
  });

  it("is paused and resumed", async () => {
    const { id } = await add({ url });
    const paused = expectStatus(await change(id, { status: "paused" }), 200).body;
    expect(paused).toMatchObject({ status: "paused", paused_because: "by_request" });
    const resumed = expectStatus(await change(id, { status: "active" }), 200).body;
    expect(resumed).not.toHaveProperty("paused_because");
  });

  it("without a URL expires a day after its stream was last read", async () => {
    const { expires_at, ...added } = await add({});
    expect(added).not.toHaveProperty("url");
    expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(86_390_000);
    expect(expectStatus(await change(added.id, { url }), 200).body).not.toHaveProperty(
      "expires_at",
    );
  });

  it(`is one of at most ${MAX_WEBHOOKS}, in pages`, async () => {
    const ids: string[] = [];
    for (let count = 0; count < MAX_WEBHOOKS; count += 1) ids.push((await add({ url })).id);
    expect(refusalOf(await partner.post(WEBHOOKS, { url }))).toMatchObject({
      status: 409,
      type: "CONFLICT_ERROR",
      details: { limit: MAX_WEBHOOKS },
    });
    const { data } = (await partner.get(`${WEBHOOKS}?limit=3&starting_after=${ids[5]}`)).body;
    expect(data.map(({ id }: { id: string }) => id)).toEqual([ids[4], ids[3], ids[2]]);
    expectStatus(await partner.delete(`${WEBHOOKS}/${ids[0]}`), 204);
    await add({ url });
    expectStatus(await partner.get(`${WEBHOOKS}?starting_after=unknown`), 400);
  });

  it.each([
    ["url", { url: "ftp://partner-tools.dev/" }],
    ["url", { url: "http://partner-tools.dev/" }],
    ["url", { url: "https://127.0.0.1/" }],
    ["url", { url: "https://sandbox.test/" }],
    ["kinds", { url, kinds: [] }],
    ["kinds[0]", { url, kinds: ["ORDER"] }],
    ["signing_token", { url, signing_token: "with space" }],
    ["signature.key", { url, signature: { key: "sha1" } }],
    ["retry_after_seconds[0]", { url, retry_after_seconds: [-1] }],
    ["secret", { url, secret: "x" }],
  ])("is rejected for its %s", async (param, body) => {
    expect(refusalOf(await partner.post(WEBHOOKS, body))).toMatchObject({ status: 400, param });
  });

  it.each(["GET", "PATCH", "DELETE"])("that is unknown is a 404 for %s", async (method) => {
    const body = method === "PATCH" ? {} : undefined;
    const response = await partner.send(method, `${WEBHOOKS}/unknown`, body);
    expect(refusalOf(response)).toMatchObject({ status: 404, type: "WEBHOOK_NOT_FOUND_ERROR" });
    const tested = await partner.post(`${WEBHOOKS}/unknown/test`);
    expect(refusalOf(tested)).toMatchObject({ status: 404, type: "WEBHOOK_NOT_FOUND_ERROR" });
  });

  it("outlives a reset, and is another environment's no more than before", async () => {
    const added = await add({ url });
    expectStatus(await partner.post("/sandbox/reset"), 204);
    expect((await partner.get(WEBHOOKS)).body.data).toEqual([added]);
    expect((await (await newPartner()).get(WEBHOOKS)).body.total).toBe(0);
  });
});

describe("deliveries", () => {
  let receiver: Receiver;
  beforeEach(() => {
    setVariables({ WEBHOOK_ADDRESSES: "any" });
    receiver = new Receiver();
  });

  it.each([
    [{ key: "token", timestamp: "milliseconds" }, /^t=\d{13},/],
    [{ key: "sha256", timestamp: "seconds" }, /^t=\d{10},/],
    [{ key: "sha256_hex", timestamp: "milliseconds" }, /^t=\d{13},/],
  ] as const)("are signed as %o says", async (signature, form) => {
    const { signing_token } = await addWebhook(partner, receiver, { signature });
    await capture(partner);
    const [received] = await receiver.waitFor(1);
    expect(received!.headers["x-imprint-hmac-signature"]).toMatch(form);
    expect(await reasonOf(received!, signing_token, signature)).toBeNull();
  });

  it("are of the webhook's kinds", async () => {
    await addWebhook(partner, receiver, { kinds: ["REWARD"] });
    await capture(partner);
    expectStatus(await partner.post("/sandbox/notifications", { object: "REWARD" }), 200);
    const [received] = await receiver.waitFor(1);
    expect(JSON.parse(received!.body).object).toBe("REWARD");
    const listed = await settled(partner, 2);
    expect(listed).toMatchObject([
      { object: "REWARD", delivery_status: "acknowledged" },
      { object: "TRANSACTION", delivery_status: "unaddressed" },
    ]);
  });

  it("wait while the webhook is paused", async () => {
    const { id } = await addWebhook(partner, receiver);
    expectStatus(await change(id, { status: "paused" }), 200);
    await capture(partner);
    const list = async () => (await partner.get("/sandbox/notifications")).body.data;
    await expect.poll(async () => (await list()).length).toBe(1);
    expect(await list()).toMatchObject([{ delivery_status: "pending", next_at: null }]);
    expectStatus(await change(id, { status: "active" }), 200);
    await settled(partner, 1);
    expect(await receiver.received()).toHaveLength(1);
  });

  it("are cancelled when the webhook is deleted", async () => {
    const { id } = await addWebhook(partner, receiver, { retry_after_seconds: [60] });
    await receiver.plan({ status: 500 });
    await capture(partner);
    await receiver.waitFor(1);
    expectStatus(await partner.delete(`${WEBHOOKS}/${id}`), 204);
    await settled(partner, 1);
    await passAnHour(partner);
    expect(await receiver.received()).toHaveLength(1);
    expectStatus(await partner.get(`${WEBHOOKS}/${id}`), 404);
  });

  it("of a test go to the one webhook", async () => {
    const other = new Receiver();
    await addWebhook(partner, other);
    const { id } = await addWebhook(partner, receiver, { kinds: ["STREAK"] });
    expectStatus(await partner.post(`${WEBHOOKS}/${id}/test`), 200);
    const [received] = await receiver.waitFor(1);
    expect(JSON.parse(received!.body).object).toBe("STREAK");
    expect(await other.received()).toEqual([]);
  });
});
