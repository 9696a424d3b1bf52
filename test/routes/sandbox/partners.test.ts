import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { getTableName } from "drizzle-orm";
import { getTableConfig } from "drizzle-orm/sqlite-core";
import { describe, expect, it, vi } from "vitest";
import { app } from "../../../src/app.ts";
import { REMOVAL_STEP_ROWS } from "../../../src/store/dataset-removal.ts";
import { DATASET_TABLES } from "../../../src/store/dataset-tables.ts";
import {
  readResponse,
  Client,
  expectStatus,
  operator,
  orderBody,
  refusalOf,
} from "../../support/client.ts";
import { loadOrders } from "../../support/load.ts";

const PATH = "/sandbox/partners";

async function createPartner(name = "Rest Assured"): Promise<Client> {
  const { body } = expectStatus(await operator.post(PATH, { name }), 200);
  const environment = await env.DB.prepare(
    "SELECT id, dataset_id FROM environments WHERE partner_id = ?",
  )
    .bind(body.id)
    .first<{ id: number; dataset_id: number }>();
  const { id: environmentId, dataset_id: datasetId } = environment!;
  return new Client({ partnerId: body.id, environmentId, datasetId }, body.key);
}

describe("POST /sandbox/partners", () => {
  it("creates a partner with a key, and stores only the key's hash", async () => {
    const partner = await createPartner();
    await partner.createOrder();
    expect((await partner.get("/v2/orders")).body.total).toBe(1);
    const { results } = await env.DB.prepare("SELECT * FROM api_keys WHERE environment_id = ?")
      .bind(partner.environmentId)
      .all();
    expect(results).toHaveLength(1);
    expect(JSON.stringify(results)).not.toContain(partner.key);
  });

  it("ignores an Idempotency-Key: each request creates a partner", async () => {
    const key = { "Idempotency-Key": "rest-assured" };
    const create = () => operator.post(PATH, { name: "Rest Assured" }, key);
    const [one, other] = [await create(), await create()];
    expect(one.body.id).not.toBe(other.body.id);
    expect(one.body.key).not.toBe(other.body.key);
  });

  it("rejects a partner without a name, and a body that isn't JSON", async () => {
    const refused = await operator.post(PATH, {});
    expect(refusalOf(refused)).toMatchObject({ status: 400, param: "name" });
    expectStatus(await operator.post(PATH, "{"), 400);
    expectStatus(await operator.post(PATH, "{}", { "Content-Type": "text/plain" }), 415);
  });
});

describe("GET /sandbox/partners", () => {
  it("lists the partners, newest first, with the amount of their data", async () => {
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
  it("deletes a partner with all its data, and no data of another", async () => {
    const [partner, other] = [await createPartner(), await createPartner()];
    for (const each of [partner, other]) {
      const order = await each.createOrder({
        id: "order-1",
        order_lines: [{ name: "Lamp", quantity: 1, rate: 10_000, rewards_rate: 0 }],
      });
      const lines = [{ name: "Lamp", quantity: 1, rate: 100, rewards_rate: 0 }];
      expectStatus(await each.capture(order, 100, { order_lines: lines }), 200);
      await each.post("/sandbox/transactions", { story: "captured", amount: 100 });
      await each.post("/v2/keys");
      const key = { "Idempotency-Key": "order-2" };
      expectStatus(await each.post("/v2/orders", orderBody({ id: "order-2" }), key), 200);
      // As if the workbench hadn't taken it yet.
      await env.DB.prepare("INSERT INTO notification_outbox VALUES (?, 1, 'source', '{}')")
        .bind(each.datasetId)
        .run();
    }
    const before = await rowsOf(other);
    expect(await rowsOf(partner)).toEqual(before);
    expect(Object.values(before).every((rows) => rows > 0)).toBe(true);

    expectStatus(await operator.delete(`${PATH}/${partner.partnerId}`), 204);
    const left = await rowsOf(partner);
    expect(Object.values(left).every((rows) => rows === 0)).toBe(true);
    expect(await rowsOf(other)).toEqual(before);
    expectStatus(await partner.get("/v2/orders"), 401);
    expectStatus(await other.get("/v2/orders"), 200);
    const again = await operator.delete(`${PATH}/${partner.partnerId}`);
    expect(refusalOf(again)).toEqual({
      status: 404,
      type: "PARTNER_NOT_FOUND_ERROR",
      param: "partner_id",
    });
  });

  it("deletes a bounded number of rows per request, until none is left", async () => {
    const partner = await createPartner();
    await loadOrders(partner.datasetId, 12 * REMOVAL_STEP_ROWS);
    const path = `${PATH}/${partner.partnerId}`;
    const { body } = expectStatus(await operator.delete(path), 202);
    expect(body.deleted_rows).toBeGreaterThan(30 * REMOVAL_STEP_ROWS);
    expectStatus(await partner.get("/v2/orders"), 401);
    expectStatus(await operator.delete(path), 204);
    expect(Object.values(await rowsOf(partner)).every((rows) => rows === 0)).toBe(true);
  });

  it("accepts no new data of the partner, whatever keys an isolate has cached", async () => {
    const partner = await createPartner();
    const id = await partner.createOrder();
    expectStatus(await partner.capture(id, 100), 200);
    // The deletion as far as another isolate has got, while this one has the key cached.
    await env.DB.batch([
      env.DB.prepare("UPDATE environments SET dataset_id = NULL WHERE id = ?").bind(
        partner.environmentId,
      ),
      env.DB.prepare("UPDATE datasets SET closed_at = 'now' WHERE id = ?").bind(partner.datasetId),
    ]);
    const before = await rowsOf(partner);
    expectStatus(await partner.post("/v2/orders", orderBody()), 401);
    expectStatus(await partner.put(`/v2/orders/${id}`, orderBody()), 401);
    expectStatus(await partner.capture(id, 1), 401);
    expectStatus(await partner.get("/v2/orders"), 401);
    expectStatus(await partner.post("/v2/keys"), 401);
    expect(await rowsOf(partner)).toEqual(before);
    expectStatus(await operator.delete(`${PATH}/${partner.partnerId}`), 204);
  });

  it("covers every table, and removes referencing rows first", async () => {
    const { results } = await env.DB.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table'",
    ).all<{ name: string }>();
    const ours = results.map(({ name }) => name).filter((name) => !/^(sqlite|d1|_cf)_/.test(name));
    const ofDataset = DATASET_TABLES.map(({ table }) => getTableName(table));
    const others = [
      "datasets",
      "environments",
      "api_keys",
      "partners",
      "readiness_verdicts",
      "sweep_positions",
    ];
    expect(ours.toSorted()).toEqual([...ofDataset, ...others].toSorted());
    for (const [position, { table }] of DATASET_TABLES.entries()) {
      for (const key of getTableConfig(table).foreignKeys) {
        const parent = getTableName(key.reference().foreignTable);
        expect([...ofDataset.slice(position + 1), "datasets"], getTableName(table)).toContain(
          parent,
        );
      }
    }
  });

  it("fails if an unknown table references the partner, instead of returning 202 forever", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue(undefined);
    const partner = await createPartner();
    await env.DB.batch([
      env.DB.prepare("CREATE TABLE unknown (dataset_id INTEGER REFERENCES datasets (id))"),
      env.DB.prepare("INSERT INTO unknown VALUES (?)").bind(partner.datasetId),
    ]);
    const path = `${PATH}/${partner.partnerId}`;
    const failed = await operator.delete(path);
    expect(refusalOf(failed)).toEqual({ status: 500, type: "INTERNAL_ERROR" });
    expect(JSON.stringify(log.mock.calls)).toContain("FOREIGN KEY");
    await env.DB.prepare("DROP TABLE unknown").run();
    expectStatus(await operator.delete(path), 204);
    log.mockRestore();
  });

  it("never reuses a partner's ID", async () => {
    const last = await createPartner();
    expectStatus(await operator.delete(`${PATH}/${last.partnerId}`), 204);
    expect((await createPartner()).partnerId).toBeGreaterThan(last.partnerId);
  });
});

it("returns 404 without an ADMIN_TOKEN, for every path, method and token", async () => {
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
      const received = await app.fetch(request, unconfigured, createExecutionContext());
      const response = await readResponse(method, request.url, received);
      expect(refusalOf(response)).toEqual({ status: 404, type: "NOT_FOUND_ERROR" });
    }
  }
});

/** The number of a partner's rows in each table. */
async function rowsOf({ environmentId, datasetId }: Client): Promise<Record<string, number>> {
  const tables: [table: string, column: string, id: number][] = [
    ...DATASET_TABLES.map(({ table }) => [getTableName(table), "dataset_id", datasetId] as const),
    ["datasets", "id", datasetId] as const,
    ["api_keys", "environment_id", environmentId] as const,
  ].map((row) => [...row]);
  const counts = await env.DB.batch<{ rows: number }>(
    tables.map(([table, column, id]) =>
      env.DB.prepare(`SELECT count(*) AS rows FROM ${table} WHERE ${column} = ?`).bind(id),
    ),
  );
  return Object.fromEntries(
    tables.map(([table], index) => [table, counts[index]!.results[0]!.rows]),
  );
}
