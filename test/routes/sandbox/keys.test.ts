import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../../src/app.ts";
import { MAX_ACTIVE_KEYS, MAX_LISTED_KEYS } from "../../../src/store/keys.ts";
import { Client, expectStatus, newPartner, operator, refusalOf } from "../../support/client.ts";

const PATH = "/sandbox/keys";
const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const hour = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:00:00Z$/);

async function anotherKey(partner: Client): Promise<Client> {
  const { body } = expectStatus(await partner.post("/v2/keys"), 200);
  return new Client(partner, body.key);
}

/** Reads the orders and waits until the hour of the key's last use is stored, after the response. */
async function useKey({ key }: Client): Promise<Response> {
  const ctx = createExecutionContext();
  const headers = { Authorization: `Bearer ${key}` };
  const response = await app.fetch(
    new Request("https://sandbox.test/v2/orders?limit=1", { headers }),
    env,
    ctx,
  );
  await waitOnExecutionContext(ctx);
  return response;
}

describe("GET /sandbox/keys", () => {
  it("lists the environment's keys, newest first, including deleted ones, without the keys themselves", async () => {
    const partner = await newPartner();
    const second = await anotherKey(partner);
    const third = await anotherKey(second);
    for (const each of [partner, second, third]) expect((await useKey(each)).status).toBe(200);
    expectStatus(await second.delete("/v2/keys"), 200);
    const { body, text } = expectStatus(await partner.get(PATH), 200);
    expect(body).toEqual({
      data: [
        {
          id: 3,
          last_four: third.key.slice(-4),
          created_at: timestamp,
          created_by: 2,
          last_used_at: hour,
        },
        {
          id: 2,
          last_four: second.key.slice(-4),
          created_at: timestamp,
          created_by: 1,
          deleted_at: timestamp,
          last_used_at: hour,
        },
        { id: 1, last_four: partner.key.slice(-4), created_at: timestamp, last_used_at: hour },
      ],
      has_more: false,
      total: 3,
    });
    for (const { key } of [partner, second, third]) expect(text).not.toContain(key);
    const page = await partner.get(`${PATH}?limit=1&starting_after=3`);
    expect(page.body).toMatchObject({ data: [{ id: 2 }], has_more: true, total: 3 });
  });

  it("shows no keys of another partner", async () => {
    const [partner, other] = [await newPartner(), await newPartner()];
    await anotherKey(other);
    expect((await partner.get(PATH)).body.total).toBe(1);
  });

  it("stores the hour of a key's last use once, after the response", async () => {
    const partner = await newPartner();
    const { headers } = await useKey(partner);
    expect(headers.get("Server-Timing")).toMatch(/ rows_written=0"$/);
    const used = async () => (await partner.get(PATH)).body.data[0].last_used_at;
    expect(await used()).toEqual(hour);
    await env.DB.prepare("UPDATE api_keys SET last_used_at = NULL WHERE environment_id = ?")
      .bind(partner.environmentId)
      .run();
    // This isolate has already stored this hour.
    await useKey(partner);
    expect(await used()).toBeUndefined();
  });
});

describe("DELETE /sandbox/keys/{key_id}", () => {
  it("revokes only that key, immediately in this isolate, and can be repeated", async () => {
    const partner = await newPartner();
    const stolen = await anotherKey(partner);
    expectStatus(await stolen.get("/v2/orders"), 200);
    expectStatus(await partner.delete(`${PATH}/2`), 204);
    expect(refusalOf(await stolen.get("/v2/orders"))).toMatchObject({ status: 401 });
    expectStatus(await partner.delete(`${PATH}/2`), 204);
    expectStatus(await partner.get("/v2/orders"), 200);
  });

  it("rejects the only key, an unknown key and another partner's key", async () => {
    const [partner, other] = [await newPartner(), await newPartner()];
    await anotherKey(other);
    const last = await partner.delete(`${PATH}/1`);
    expect(refusalOf(last)).toMatchObject({ status: 409, type: "CONFLICT_ERROR" });
    const unknown = { status: 404, type: "KEY_NOT_FOUND_ERROR", param: "key_id" };
    expect(refusalOf(await partner.delete(`${PATH}/2`))).toEqual(unknown);
    expect(refusalOf(await partner.delete(`${PATH}/0`))).toMatchObject({ status: 400 });
    expect((await other.get(PATH)).body.data).not.toContainEqual(
      expect.objectContaining({ deleted_at: timestamp }),
    );
  });

  it("doesn't allow a deleted key to revoke another, even where it is cached", async () => {
    const partner = await newPartner();
    const stolen = await anotherKey(partner);
    expectStatus(await stolen.get("/v2/orders"), 200);
    await env.DB.prepare("UPDATE api_keys SET deleted_at = ? WHERE environment_id = ? AND id = 2")
      .bind("2026-01-01T00:00:00Z", partner.environmentId)
      .run();
    expectStatus(await stolen.delete(`${PATH}/1`), 401);
    expectStatus(await partner.get("/v2/orders"), 200);
  });
});

describe("the number of keys", () => {
  it("is limited: another key is rejected until one is revoked", async () => {
    const partner = await newPartner();
    for (let keys = 1; keys < MAX_ACTIVE_KEYS; keys += 1) await anotherKey(partner);
    const refused = await partner.post("/v2/keys");
    expect(refusalOf(refused)).toMatchObject({ status: 409, details: { limit: MAX_ACTIVE_KEYS } });
    expect((await partner.get(PATH)).body.total).toBe(MAX_ACTIVE_KEYS);
    const byOperator = `/sandbox/partners/${partner.partnerId}/keys`;
    expectStatus(await operator.post(byOperator), 409);
    expectStatus(await partner.delete(`${PATH}/2`), 204);
    expectStatus(await partner.post("/v2/keys"), 200);
  });

  it("removes the oldest deleted keys beyond the list's length", async () => {
    const partner = await newPartner();
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO api_keys (environment_id, id, hash, last_four, created_at, deleted_at)
       SELECT ?1, i, ?1 || '-' || i, 'xxxx', '2025-01-01T00:00:00Z', '2025-01-01T00:00:00Z' FROM n`,
    )
      .bind(partner.environmentId, MAX_LISTED_KEYS + 10)
      .run();
    for (let index = 0; index < 10; index += 1) await anotherKey(partner);
    const { total } = (await partner.get(PATH)).body;
    expect(total).toBeLessThanOrEqual(MAX_LISTED_KEYS + 1);
    expectStatus(await partner.get("/v2/orders"), 200);
  });
});

describe("POST /sandbox/partners/{partner_id}/keys", () => {
  it("creates a key for a partner that lost its last one", async () => {
    const partner = await newPartner();
    const order = await partner.createOrder();
    const { body } = expectStatus(
      await operator.post(`/sandbox/partners/${partner.partnerId}/keys`),
      200,
    );
    expect(body).toEqual({ id: 2, key: expect.stringMatching(/^test_/), created_at: timestamp });
    const found = await new Client(partner, body.key).get(`/v2/orders?id=${order}`);
    expect(found.body.total).toBe(1);
    expect((await partner.get(PATH)).body.data[0]).not.toHaveProperty("created_by");
  });

  it("rejects an unknown partner", async () => {
    const refused = await operator.post("/sandbox/partners/100000/keys");
    expect(refusalOf(refused)).toMatchObject({ status: 404, type: "PARTNER_NOT_FOUND_ERROR" });
  });
});
