import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../src/domain/sha256.ts";
import { Client, expectStatus, newPartner, refusalOf } from "../../support/client.ts";

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

describe("POST /v2/keys", () => {
  it("creates a key of the same partner, shown once and stored as a hash", async () => {
    const partner = await newPartner();
    const order = await partner.createOrder();
    const { body } = expectStatus(await partner.post("/v2/keys"), 200);
    expect(body).toEqual({ key: expect.stringMatching(/^test_[\w-]{75}$/), created_at: timestamp });
    const other = new Client(partner, body.key);
    expect((await other.get(`/v2/orders?id=${order}`)).body.total).toBe(1);

    const stored = await env.DB.prepare("SELECT * FROM api_keys WHERE environment_id = ?")
      .bind(partner.environmentId)
      .all();
    expect(stored.results).toHaveLength(2);
    expect(JSON.stringify(stored.results)).not.toContain(body.key);
    expect(stored.results).toContainEqual(
      expect.objectContaining({ hash: await sha256(body.key), last_four: body.key.slice(-4) }),
    );
  });
});

describe("DELETE /v2/keys", () => {
  it("deletes the key that sends the request", async () => {
    const partner = await newPartner();
    const { body: created } = await partner.post("/v2/keys");
    const { body } = expectStatus(await partner.delete("/v2/keys"), 200);
    expect(body).toEqual({ key: partner.key, created_at: timestamp, deleted_at: timestamp });
    const refused = await partner.get("/v2/orders");
    expect(refusalOf(refused)).toEqual({ status: 401, type: "AUTHENTICATION_ERROR" });
    expect(refused.body.error.message).toContain(body.deleted_at);
    expectStatus(await new Client(partner, created.key).get("/v2/orders"), 200);
  });

  it("rejects the deletion of an environment's only key", async () => {
    await newPartner();
    const partner = await newPartner();
    const refused = await partner.delete("/v2/keys");
    expect(refusalOf(refused)).toEqual({ status: 409, type: "CONFLICT_ERROR" });
    expectStatus(await partner.get("/v2/orders"), 200);
  });

  it("doesn't allow a deleted key to create another, even where it is cached", async () => {
    const partner = await newPartner();
    await partner.post("/v2/keys");
    expectStatus(await partner.get("/v2/orders"), 200);
    await env.DB.prepare("UPDATE api_keys SET deleted_at = '2026-01-01T00:00:00Z' WHERE hash = ?")
      .bind(await sha256(partner.key))
      .run();
    expectStatus(await partner.get("/v2/orders"), 200);
    const refused = await partner.post("/v2/keys");
    expect(refusalOf(refused)).toEqual({ status: 401, type: "AUTHENTICATION_ERROR" });
    // From here on, this isolate knows of the deletion.
    expectStatus(await partner.get("/v2/orders"), 401);
    const { results } = await env.DB.prepare("SELECT * FROM api_keys WHERE environment_id = ?")
      .bind(partner.environmentId)
      .all();
    expect(results).toHaveLength(2);
  });

  it("returns 401 to a key that was deleted in another isolate", async () => {
    const partner = await newPartner();
    await partner.post("/v2/keys");
    await env.DB.prepare("UPDATE api_keys SET deleted_at = '2026-01-01T00:00:00Z' WHERE hash = ?")
      .bind(await sha256(partner.key))
      .run();
    expectStatus(await partner.delete("/v2/keys"), 401);
  });

  it("leaves one of two keys that delete themselves concurrently", async () => {
    const partner = await newPartner();
    const { body } = await partner.post("/v2/keys");
    const other = new Client(partner, body.key);
    const responses = await Promise.all([partner.delete("/v2/keys"), other.delete("/v2/keys")]);
    expect(responses.map((each) => each.status).toSorted((x, y) => x - y)).toEqual([200, 409]);
  });
});
