import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { REMOVAL_STEP_ROWS } from "../../src/store/partners.ts";
import {
  answerOf,
  Client,
  expectStatus,
  newPartner,
  operator,
  orderBody,
  refusalOf,
} from "../support/client.ts";
import { loadOrders } from "../support/load.ts";

const PATH = "/sandbox/partners";

async function createPartner(name = "Rest Assured"): Promise<Client> {
  const { body } = expectStatus(await operator.post(PATH, { name }), 200);
  return new Client(body.id, body.key);
}

describe("POST /sandbox/partners", () => {
  it("makes a partner with a key that works, and keeps nothing of the key but its hash", async () => {
    const partner = await createPartner();
    await partner.createOrder();
    expect((await partner.get("/v2/orders")).body.total).toBe(1);
    const { results } = await env.DB.prepare("SELECT * FROM api_keys WHERE partner_id = ?")
      .bind(partner.partnerId)
      .all();
    expect(results).toHaveLength(1);
    expect(JSON.stringify(results)).not.toContain(partner.key);
  });

  it("makes one partner of one Idempotency-Key, however often and however many at once", async () => {
    const key = { "Idempotency-Key": "rest-assured" };
    const create = (name = "Rest Assured") => operator.post(PATH, { name }, key);
    const before = (await operator.get(PATH)).body.total;
    const answers = await Promise.all(Array.from({ length: 10 }, () => create()));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const replays = answers.filter(({ headers }) => headers.get("Idempotent-Replayed") === "true");
    expect(replays).toHaveLength(9);
    expect((await operator.get(PATH)).body.total).toBe(before + 1);
    expectStatus(await new Client(0, answers[0]!.body.key).get("/v2/orders"), 200);
    const refused = await create("Someone else");
    expect(refusalOf(refused)).toMatchObject({ status: 422, type: "IDEMPOTENCY_ERROR" });
  });

  it("refuses a partner without a name, and anything that is no JSON", async () => {
    const refused = await operator.post(PATH, {});
    expect(refusalOf(refused)).toMatchObject({ status: 400, param: "name" });
    expectStatus(await operator.post(PATH, "{"), 400);
    expectStatus(await operator.post(PATH, "{}", { "Content-Type": "text/plain" }), 415);
  });
});

describe("GET /sandbox/partners", () => {
  it("lists the partners, newest first, with what each has", async () => {
    const first = await createPartner("First");
    const second = await createPartner("Second");
    const order = await second.createOrder({ id: "order-1" });
    expectStatus(await second.capture(order, 100), 200);
    await second.post("/v2/keys");
    const { body } = expectStatus(await operator.get(`${PATH}?limit=1`), 200);
    expect(body).toMatchObject({ has_more: true, total: expect.any(Number) });
    expect(body.data).toEqual([
      {
        id: second.partnerId,
        name: "Second",
        created_at: expect.any(String),
        order_count: 1,
        order_event_count: 1,
        key_count: 2,
      },
    ]);
    const next = await operator.get(`${PATH}?limit=1&starting_after=${second.partnerId}`);
    expect(next.body.data).toMatchObject([{ id: first.partnerId, key_count: 1, order_count: 0 }]);
    expect(next.body.total).toBe(body.total);
  });
});

describe("DELETE /sandbox/partners/{partner_id}", () => {
  it("deletes a partner with all that is its own, and nothing of another", async () => {
    const [partner, other] = [await createPartner(), await createPartner()];
    for (const each of [partner, other]) {
      const order = await each.createOrder({
        id: "order-1",
        order_lines: [{ name: "Lamp", quantity: 1, rate: 10_000, rewards_rate: 0 }],
      });
      const lines = [{ name: "Lamp", quantity: 1, rate: 100, rewards_rate: 0 }];
      expectStatus(await each.capture(order, 100, { order_lines: lines }), 200);
      await each.post("/v2/keys", undefined, { "Idempotency-Key": "key-1" });
    }
    const before = await rowsOf(other.partnerId);
    expect(await rowsOf(partner.partnerId)).toEqual(before);
    expect(Object.values(before).every((rows) => rows > 0)).toBe(true);

    expectStatus(await operator.delete(`${PATH}/${partner.partnerId}`), 204);
    const left = await rowsOf(partner.partnerId);
    expect(Object.values(left).every((rows) => rows === 0)).toBe(true);
    expect(await rowsOf(other.partnerId)).toEqual(before);
    expectStatus(await partner.get("/v2/orders"), 401);
    expectStatus(await other.get("/v2/orders"), 200);
    const again = await operator.delete(`${PATH}/${partner.partnerId}`);
    expect(refusalOf(again)).toEqual({ status: 404, type: "PARTNER_NOT_FOUND_ERROR" });
  });

  it("takes as many requests as there are rows, each bounded, and then is done", async () => {
    const partner = await createPartner();
    await loadOrders(partner.partnerId, 12 * REMOVAL_STEP_ROWS);
    const path = `${PATH}/${partner.partnerId}`;
    const { body } = expectStatus(await operator.delete(path), 202);
    expect(body.deleted_rows).toBeGreaterThan(30 * REMOVAL_STEP_ROWS);
    expectStatus(await partner.get("/v2/orders"), 401);
    expectStatus(await operator.delete(path), 204);
    expect(Object.values(await rowsOf(partner.partnerId)).every((rows) => rows === 0)).toBe(true);
  });

  it("goes on at the next request where something was added behind it", async () => {
    const partner = await createPartner();
    const lines = [{ name: "Lamp", quantity: 1, rate: 10_000, rewards_rate: 0 }];
    const order = await partner.createOrder({ order_lines: lines });
    // As one with a key that is remembered elsewhere: an event, when the events are gone already.
    await env.DB.prepare(
      `CREATE TRIGGER late AFTER DELETE ON order_lines BEGIN
         INSERT INTO order_events (partner_id, sequence, order_event_id, order_id, type, amount, rewards_amount,
           currency, network_transaction_id, line_count, order_rank, network_transaction_rank)
         VALUES (old.partner_id, 1, 'late', '${order}', 'CAPTURED', 1, 0, 'USD', 'nt', 0, 1, 1); END`,
    ).run();
    const path = `${PATH}/${partner.partnerId}`;
    expectStatus(await operator.delete(path), 202);
    expectStatus(await operator.delete(path), 204);
    await env.DB.prepare("DROP TRIGGER late").run();
    expect(Object.values(await rowsOf(partner.partnerId)).every((rows) => rows === 0)).toBe(true);
  });

  it("never gives a partner's number to another", async () => {
    const last = await createPartner();
    expectStatus(await operator.delete(`${PATH}/${last.partnerId}`), 204);
    expect((await createPartner()).partnerId).toBeGreaterThan(last.partnerId);
  });

  it("answers what another isolate's memory of a deleted partner's key may still do, without harm", async () => {
    const partner = await newPartner();
    await partner.createOrder({ id: "order-1" });
    // Behind the Worker's back, as another isolate would do it.
    const tables = ["order_changes", "orders", "api_keys"];
    const statements = tables.map((table) => `DELETE FROM ${table} WHERE partner_id = ?`);
    await env.DB.batch(
      [...statements, "DELETE FROM partners WHERE id = ?"].map((statement) =>
        env.DB.prepare(statement).bind(partner.partnerId),
      ),
    );
    expect((await partner.get("/v2/orders")).body).toEqual({ data: [], has_more: false, total: 0 });
    expectStatus(await partner.post("/v2/orders", orderBody({ id: "order-2" })), 503);
    expect(Object.values(await rowsOf(partner.partnerId)).every((rows) => rows === 0)).toBe(true);
  });
});

it("is not there without an ADMIN_TOKEN: no path, no method, no token tells otherwise", async () => {
  const unconfigured = { ...env, ADMIN_TOKEN: undefined } as unknown as Cloudflare.Env;
  for (const [method, path] of [
    ["GET", PATH],
    ["POST", PATH],
    ["DELETE", `${PATH}/1`],
    ["PATCH", PATH],
  ] as const) {
    for (const token of ["", "undefined", operator.key]) {
      const request = new Request(`https://sandbox.test${path}`, {
        method,
        headers: { Authorization: `Bearer ${token}` },
      });
      const response = await app.fetch(request, unconfigured, createExecutionContext());
      const answer = await answerOf(method, request.url, response);
      expect(refusalOf(answer)).toEqual({ status: 404, type: "NOT_FOUND_ERROR" });
    }
  }
});

/** How many rows a partner has in each table. */
async function rowsOf(partnerId: number): Promise<Record<string, number>> {
  const tables = [
    "api_keys",
    "orders",
    "order_lines",
    "order_events",
    "order_event_lines",
    "order_changes",
    "idempotency_records",
  ];
  const counts = await env.DB.batch<{ rows: number }>(
    tables.map((table) =>
      env.DB.prepare(`SELECT count(*) AS rows FROM ${table} WHERE partner_id = ?`).bind(partnerId),
    ),
  );
  return Object.fromEntries(tables.map((table, index) => [table, counts[index]!.results[0]!.rows]));
}
