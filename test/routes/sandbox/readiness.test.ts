import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import worker from "../../../src/index.ts";
import {
  Client,
  eventBody,
  expectStatus,
  newEnvironment,
  newPartner,
  operator,
  orderBody,
  refusalOf,
  type ApiResponse,
} from "../../support/client.ts";

const READINESS = "/sandbox/readiness";
const ENVIRONMENTS = "/sandbox/environments";

let partner: Client;
beforeEach(async () => {
  partner = await newPartner();
});
afterEach(() => void vi.useRealTimers());

async function statusOf(client: Client, id: string, query = ""): Promise<string> {
  const response = expectStatus(await client.get(`${READINESS}?${query}`), 200);
  return checkIn(response, id).status;
}

const checkIn = ({ body }: ApiResponse, id: string) =>
  body.checks.find((each: { id: string }) => each.id === id);

async function createEnvironment(fields: object = {}): Promise<Client> {
  const { body } = expectStatus(await partner.post(ENVIRONMENTS, fields), 200);
  const { partnerId, datasetId } = partner;
  return new Client({ partnerId, datasetId, environmentId: body.id }, body.key);
}

/** Proves that the client repeats a lost creation. */
async function proveRetry(client: Client): Promise<void> {
  const order = orderBody({ id: "order-1" });
  await client
    .post("/v2/orders", order, { "Sandbox-Fault": "lost_response" })
    .catch(() => undefined);
  expectStatus(await client.post("/v2/orders", order), 200);
}

/** Loses a creation, and never repeats it. */
async function failRetry(client: Client): Promise<void> {
  const order = orderBody({ id: "order-2" });
  await client
    .post("/v2/orders", order, { "Sandbox-Fault": "lost_response" })
    .catch(() => undefined);
}

describe("GET /sandbox/readiness", () => {
  it("passes a check with evidence, which the reason and the recorded request agree with", async () => {
    await proveRetry(partner);
    const response = expectStatus(await partner.get(READINESS), 200);
    expect(response.body).toMatchObject({ ready: false, environment: partner.environmentId });
    const { status, reason, evidence, how_to_prove } = checkIn(response, "lost_response");
    expect(status).toBe("passed");
    expect(reason).toContain(evidence[0].request_id);
    const recorded = expectStatus(await partner.get(`/sandbox/requests/${evidence[0].id}`), 200);
    expect(recorded.body).toMatchObject({ order_id: "order-1", status: null });
    expect(how_to_prove.curl).toContain('"https://sandbox.test$2"');
  });

  it("looks only at requests since the given time, and at none from before a reset", async () => {
    await proveRetry(partner);
    const later = new Date(Date.now() + 1_000).toISOString();
    expect(await statusOf(partner, "lost_response", `since=${later}`)).toBe("not_seen");
    expectStatus(await partner.post("/sandbox/reset"), 204);
    expect(await statusOf(partner, "lost_response")).toBe("not_seen");
  });

  it("sees nothing of another environment or partner", async () => {
    const others = [await newPartner(), await newEnvironment(partner.partnerId)];
    await proveRetry(partner);
    for (const other of others) expect(await statusOf(other, "lost_response")).toBe("not_seen");
    expect(await statusOf(others[0]!, "lost_response", "environments=all")).toBe("not_seen");
  });

  it("takes no report for proven that the card has not moved, or moved only in part", async () => {
    const { order_id } = { order_id: await partner.createOrder() };
    const story = { story: "captured", amount: 100, payment_method_id: "pm-1" };
    await partner.post("/sandbox/transactions", { ...story, network_transaction_id: "nt-1" });
    const capture = eventBody({ order_id, order_event_id: "e-1" });
    await partner.post("/v2/order_events", capture);
    const refund = { ...capture, order_event_id: "e-2", type: "REFUNDED" };
    expectStatus(await partner.post("/v2/order_events", refund), 200);
    expect(await statusOf(partner, "card_agrees")).toBe("not_seen");
  });

  it("passes a lost creation that the client finds by its ID", async () => {
    await failRetry(partner);
    expect(await statusOf(partner, "lost_response")).toBe("failed");
    expectStatus(await partner.get("/v2/orders?id=order-2"), 200);
    const check = checkIn(await partner.get(READINESS), "lost_response");
    expect(check).toMatchObject({
      status: "passed",
      reason: expect.stringContaining("found by its ID, first with GET /v2/orders"),
    });
  });

  it("compares the order events with the card transactions", async () => {
    const { order_id } = { order_id: await partner.createOrder() };
    const story = { story: "captured", amount: 100, payment_method_id: "pm-1" };
    await partner.post("/sandbox/transactions", { ...story, network_transaction_id: "nt-1" });
    await partner.post("/v2/order_events", eventBody({ order_id, order_event_id: "e-1" }));
    expect(await statusOf(partner, "card_agrees")).toBe("passed");
    const unfounded = { order_id, order_event_id: "e-0", network_transaction_id: "nt-2" };
    await partner.post("/v2/order_events", eventBody(unfounded));
    expect(checkIn(await partner.get(READINESS), "card_agrees")).toMatchObject({
      status: "not_seen",
      reason: expect.stringContaining(
        "The card has not moved the money that order events report for 1 network_transaction_id: nt-2.",
      ),
    });
    await partner.post("/v2/order_events", eventBody({ order_id, order_event_id: "e-2" }));
    const check = checkIn(await partner.get(READINESS), "card_agrees");
    expect(check).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("amount_differs"),
      evidence: [{ network_transaction_id: "nt-1" }],
    });
  });
});

describe("GET /sandbox/readiness?environments=all", () => {
  const all = (query = "") => statusOf(partner, "lost_response", `environments=all${query}`);

  it("is for keys of the partner's first environment", async () => {
    const environment = await createEnvironment();
    const refused = await environment.get(`${READINESS}?environments=all`);
    expect(refusalOf(refused)).toEqual({ status: 403, type: "FORBIDDEN_ERROR" });
  });

  it("sums up environments that exist, and fails if one of them failed", async () => {
    const [one, other] = [await createEnvironment(), await createEnvironment({ name: "pr 12" })];
    await proveRetry(one);
    expect(await all()).toBe("passed");
    await failRetry(other);
    const check = checkIn(await partner.get(`${READINESS}?environments=all`), "lost_response");
    expect(check.status).toBe("failed");
    expect(check.reason).toMatch(new RegExp(`^Environment ${other.environmentId} \\(pr 12\\): `));
    expect(check.evidence[0].environment_id).toBe(other.environmentId);
  });

  it("remembers an environment that was deleted, and its latest verdicts of each kind", async () => {
    for (const prove of [proveRetry, proveRetry]) {
      const environment = await createEnvironment();
      await prove(environment);
      expectStatus(await partner.delete(`${ENVIRONMENTS}/${environment.environmentId}`), 204);
    }
    expect(await all()).toBe("passed");
    const failing = await createEnvironment();
    await failRetry(failing);
    expectStatus(await partner.delete(`${ENVIRONMENTS}/${failing.environmentId}`), 204);
    expect(await all()).toBe("failed");
    const later = new Date(Date.now() + 1_000).toISOString();
    expect(await all(`&since=${later}`)).toBe("not_seen");
    const stored = await env.DB.prepare(
      "SELECT verdicts FROM readiness_verdicts WHERE partner_id = ?",
    )
      .bind(partner.partnerId)
      .all();
    expect(stored.results).toHaveLength(1);
  });

  it("remembers an environment that has expired", async () => {
    const environment = await createEnvironment({ expires_in_seconds: 60 });
    await proveRetry(environment);
    const log = vi.spyOn(console, "error");
    // The use of the key is stored after the response.
    await expect
      .poll(() =>
        env.DB.prepare("SELECT last_used_at FROM api_keys WHERE environment_id = ?")
          .bind(environment.environmentId)
          .first("last_used_at"),
      )
      .not.toBeNull();
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
    await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
    expect(log.mock.calls.flat().join("")).not.toContain("verdicts not stored");
    const rows = await env.DB.prepare(
      "SELECT id FROM environments WHERE id = ? AND dataset_id IS NOT NULL",
    )
      .bind(environment.environmentId)
      .all();
    expect(rows.results).toEqual([]);
    expect(await all()).toBe("passed");
  });

  it("stores nothing of an environment that proved nothing, and deletes all with the partner", async () => {
    const unused = await createEnvironment();
    expectStatus(await partner.delete(`${ENVIRONMENTS}/${unused.environmentId}`), 204);
    const count = () =>
      env.DB.prepare("SELECT count(*) AS count FROM readiness_verdicts WHERE partner_id = ?")
        .bind(partner.partnerId)
        .first("count");
    expect(await count()).toBe(0);
    const used = await createEnvironment();
    await proveRetry(used);
    expectStatus(await partner.delete(`${ENVIRONMENTS}/${used.environmentId}`), 204);
    expect(await count()).toBe(1);
    expectStatus(await operator.delete(`/sandbox/partners/${partner.partnerId}`), 204);
    expect(await count()).toBe(0);
  });
});
