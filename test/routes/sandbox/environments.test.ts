import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DEFAULT_ASSUMPTIONS } from "../../../src/domain/assumptions.ts";
import { sweepHourly } from "../../../src/access/sweeps.ts";
import { Database } from "../../../src/store/database.ts";
import { QueryBudget } from "../../../src/store/query-budget.ts";
import { MAX_ENVIRONMENTS } from "../../../src/store/new-environments.ts";
import { Client, expectStatus, newPartner, orderBody, refusalOf } from "../../support/client.ts";
import { setVariables } from "../../support/variables.ts";
import { rowsOf } from "../../support/rows.ts";

const PATH = "/sandbox/environments";

/** The IDs of an environment's keys, each with the ID of the key that created it. */
const creators = async (each: Client) =>
  (await each.get("/sandbox/keys")).body.data.map(
    ({ id, created_by }: { id: number; created_by?: number }) => [id, created_by],
  );

/** Creates an environment of a partner, and returns a client for it. */
async function createEnvironment(partner: Client, fields: object = {}): Promise<Client> {
  const { body } = expectStatus(await partner.post(PATH, fields), 200);
  const datasetId = await datasetOf(body.id);
  return new Client({ partnerId: partner.partnerId, environmentId: body.id, datasetId }, body.key);
}

const datasetOf = async (environmentId: number) =>
  (await env.DB.prepare("SELECT dataset_id FROM environments WHERE id = ?")
    .bind(environmentId)
    .first<number>("dataset_id"))!;

/** Runs the hourly job until everything is swept. */
async function sweep(): Promise<void> {
  const budget = new QueryBudget(new Database(env.DB), 100_000);
  while ((await sweepHourly(env, budget, new Date().toJSON())) > 0);
}

afterEach(() => vi.useRealTimers());

describe("POST /sandbox/environments", () => {
  it("creates a separate dataset, and a key that works only there", async () => {
    const partner = await newPartner();
    const { body } = expectStatus(
      await partner.post(PATH, { name: "pull request 12", strict: true, expires_in_seconds: 60 }),
      200,
    );
    expect(body).toEqual({
      id: expect.any(Number),
      name: "pull request 12",
      strict: true,
      fixture: "empty",
      assume: DEFAULT_ASSUMPTIONS,
      key: expect.stringMatching(/^test_/),
      created_at: expect.any(String),
      expires_at: expect.any(String),
    });
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(60_000);

    const environment = await createEnvironment(partner);
    await environment.createOrder({ id: "order-1" });
    await partner.createOrder({ id: "order-1", total_order_amount: 1 });
    const seen = (await environment.get("/v2/orders")).body.data;
    expect(seen).toMatchObject([{ id: "order-1", total_order_amount: 10_000 }]);
  });

  it("contains the published example if requested, also after a reset", async () => {
    const environment = await createEnvironment(await newPartner(), { fixture: "documentation" });
    const id = "77f60af4-185e-4867-b113-34e3cf7c6acd";
    for (const _ of [1, 2]) {
      const events = (await environment.get("/v2/order_events")).body;
      expect(events).toMatchObject({ total: 1, data: [{ order_event_id: id, amount: 274_999 }] });
      const orders = (await environment.get(`/v2/orders?id=${id}`)).body.data;
      expect(orders).toMatchObject([
        { merchant_name: "Rest Assured", total_rewards_amount: 2_500 },
      ]);
      const agreement = { agrees: true, transactions: [{ card: { captured: 274_999 } }] };
      const path = `/sandbox/orders/${id}/reconciliation`;
      expect((await environment.get(path)).body).toMatchObject(agreement);
      expectStatus(await environment.refund(id, 1), 200);
      expectStatus(await environment.post("/sandbox/reset"), 204);
    }
  });

  it.each([
    [{ expires_in_seconds: 59 }, "expires_in_seconds"],
    [{ expires_in_seconds: 2_592_001 }, "expires_in_seconds"],
    [{ fixture: "full" }, "fixture"],
    [{ strict: "yes" }, "strict"],
    [{ name: "" }, "name"],
    [{ expire_in_seconds: 60 }, "expire_in_seconds"],
  ])("rejects %j, and names the field", async (fields, param) => {
    const refused = await (await newPartner()).post(PATH, fields);
    expect(refusalOf(refused)).toMatchObject({ status: 400, param });
  });

  it(`creates at most ${MAX_ENVIRONMENTS}, and counts expired ones until a sweep closes them`, async () => {
    const partner = await newPartner();
    const fill = async (expires: string) => {
      await env.DB.prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MAX_ENVIRONMENTS})
         INSERT INTO datasets (partner_id) SELECT ? FROM n`,
      )
        .bind(partner.partnerId)
        .run();
      await env.DB.prepare(
        `INSERT INTO environments (partner_id, created_at, expires_at, dataset_id)
         SELECT partner_id, ?1, ?1, id FROM datasets WHERE partner_id = ?2 AND environment_id = 0
           AND closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM environments WHERE dataset_id = datasets.id)`,
      )
        .bind(expires, partner.partnerId)
        .run();
    };
    await fill("2025-01-01T00:00:00Z");
    // The sweep follows a response.
    await vi.waitFor(async () => expectStatus(await partner.post(PATH, {}), 200), 20_000);
    await fill("2999-01-01T00:00:00Z");
    const refused = await partner.post(PATH, {});
    expect(refusalOf(refused)).toEqual({
      status: 409,
      type: "CONFLICT_ERROR",
      details: { limit: MAX_ENVIRONMENTS },
    });
  });
});

describe("an environment", () => {
  it("is listed with the partner's first one, newest first", async () => {
    const partner = await newPartner();
    const one = await createEnvironment(partner, { name: "one" });
    const two = await createEnvironment(partner);
    const { body } = expectStatus(await partner.get(`${PATH}?limit=2`), 200);
    expect(body).toMatchObject({ has_more: true, total: 3 });
    expect(body.data).toMatchObject([{ id: two.environmentId }, { id: one.environmentId }]);
    const next = await partner.get(`${PATH}?starting_after=${one.environmentId}`);
    expect(next.body.data).toEqual([
      {
        id: partner.environmentId,
        strict: false,
        fixture: "empty",
        assume: DEFAULT_ASSUMPTIONS,
        created_at: expect.any(String),
      },
    ]);
  });

  it("can be managed only with a key of the partner's first one", async () => {
    const partner = await newPartner();
    const environment = await createEnvironment(partner);
    for (const refused of [
      await environment.get(PATH),
      await environment.post(PATH, {}),
      await environment.delete(`${PATH}/${environment.environmentId}`),
      await environment.post(`${PATH}/${environment.environmentId}/keys`),
    ]) {
      expect(refusalOf(refused)).toEqual({ status: 403, type: "FORBIDDEN_ERROR" });
    }
    expectStatus(await environment.get("/sandbox/keys"), 200);
  });

  it("is invisible to another partner", async () => {
    const [partner, other] = [await newPartner(), await newPartner()];
    const { environmentId } = await createEnvironment(partner);
    for (const refused of [
      await other.delete(`${PATH}/${environmentId}`),
      await other.post(`${PATH}/${environmentId}/keys`),
      await other.delete(`${PATH}/${partner.environmentId}`),
    ]) {
      expect(refusalOf(refused)).toEqual({
        status: 404,
        type: "ENVIRONMENT_NOT_FOUND_ERROR",
        param: "environment_id",
      });
    }
  });

  it("gets a new key if its keys are lost", async () => {
    const partner = await newPartner();
    const environment = await createEnvironment(partner);
    await environment.createOrder();
    const path = `${PATH}/${environment.environmentId}/keys`;
    const { body } = expectStatus(await partner.post(path), 200);
    expect(body).toMatchObject({ id: 2, key: expect.any(String), created_at: expect.any(String) });
    expect((await new Client(environment, body.key).get("/v2/orders")).body.total).toBe(1);
  });

  it("lists the creator of a key only if it is a key of the same environment", async () => {
    const partner = await newPartner();
    const environment = await createEnvironment(partner);
    for (const each of [partner, environment]) {
      expectStatus(await partner.post(`${PATH}/${each.environmentId}/keys`), 200);
    }
    // The console's "New key" of its own environment.
    expect(await creators(partner)).toEqual([
      [2, 1],
      [1, undefined],
    ]);
    expect(await creators(environment)).toEqual([
      [2, undefined],
      [1, undefined],
    ]);
  });

  it("is deleted completely, and its keys stop working immediately", async () => {
    const partner = await newPartner();
    const [gone, other] = [await createEnvironment(partner), await createEnvironment(partner)];
    for (const each of [gone, other, partner]) {
      const id = await each.createOrder({ id: "order-1" });
      expectStatus(await each.capture(id, 100), 200);
    }
    const before = [await rowsOf(other), await rowsOf(partner)];
    expectStatus(await partner.delete(`${PATH}/${gone.environmentId}`), 204);
    expectStatus(await gone.get("/v2/orders"), 401);
    await sweep();
    expect(JSON.parse(await rowsOf(gone)).flat()).toEqual([]);
    expect([await rowsOf(other), await rowsOf(partner)]).toEqual(before);
    expectStatus(await partner.delete(`${PATH}/${gone.environmentId}`), 404);
  });

  it("can't be deleted if it is the partner's first one", async () => {
    const partner = await newPartner();
    const refused = await partner.delete(`${PATH}/${partner.environmentId}`);
    expect(refusalOf(refused)).toEqual({ status: 409, type: "CONFLICT_ERROR" });
  });

  it("expires: the error names the time until the sweep, and then the key is unknown", async () => {
    const partner = await newPartner();
    const environment = await createEnvironment(partner, { expires_in_seconds: 60 });
    await environment.createOrder();
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
    const expired = expectStatus(await environment.get("/v2/orders"), 401);
    expect(expired.body.error.message).toMatch(/expired at 2\d{3}-/);
    expect((await partner.get(PATH)).body.total).toBe(1);
    await sweep();
    expect(JSON.parse(await rowsOf(environment)).flat()).toEqual([]);
    vi.setSystemTime(Date.now() + 60_000);
    const unknown = expectStatus(await environment.get("/v2/orders"), 401);
    expect(unknown.body.error.message).toMatch(/no such key/);
  });

  it("shares the partner's quota, and frees its usage when it is swept", async () => {
    setVariables({ ORDER_QUOTA: "2" });
    const partner = await newPartner();
    const environment = await createEnvironment(partner);
    await environment.createOrder();
    await partner.createOrder();
    expectStatus(await environment.post("/v2/orders", orderBody()), 409);
    expectStatus(await partner.delete(`${PATH}/${environment.environmentId}`), 204);
    await sweep();
    expectStatus(await partner.post("/v2/orders", orderBody()), 200);
  });
});

it("isolates two hundred concurrent environments, and sweeps them completely", async () => {
  const partner = await newPartner();
  const environments = await Promise.all(
    Array.from({ length: 200 }, () => createEnvironment(partner)),
  );
  await Promise.all(
    environments.map(async (each, index) => {
      const id = await each.createOrder({ id: "shared", partner_order_id: `po-${index}` });
      expectStatus(await each.capture(id, index + 1), 200);
      const { data, total } = (await each.get("/v2/orders")).body;
      expect([total, data[0].partner_order_id]).toEqual([1, `po-${index}`]);
      const events = (await each.get("/v2/order_events?order_id=shared")).body;
      expect([events.total, events.data[0].amount]).toEqual([1, index + 1]);
      expectStatus(await each.post("/sandbox/faults", { fault: "error", skip: 1_000 }), 200);
    }),
  );
  for (const [index, each] of environments.entries()) {
    await expect.poll(async () => (await requestsOf(each)).total).toBe(4);
    const subjects = (await requestsOf(each)).data.map(
      (request: { partner_order_id?: string }) => request.partner_order_id,
    );
    expect(new Set(subjects.filter(Boolean))).toEqual(new Set([`po-${index}`]));
    expect((await each.get("/sandbox/faults")).body.total).toBe(1);
    expect(await workbenchTables(each)).not.toEqual([]);
  }
  for (const { environmentId } of environments) {
    expectStatus(await partner.delete(`${PATH}/${environmentId}`), 204);
  }
  await sweep();
  for (const each of environments) {
    expect(JSON.parse(await rowsOf(each)).flat()).toEqual([]);
    expect(await workbenchTables(each)).toEqual([]);
  }
});

function workbenchTables({ environmentId }: Client): Promise<string[]> {
  return runInDurableObject(env.WORKBENCH.getByName(String(environmentId)), (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray()
      .map(({ name }) => name),
  );
}

const requestsOf = async (each: Client) => (await each.get("/sandbox/requests")).body;
