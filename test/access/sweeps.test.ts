import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SWEEP_INTERVAL_MILLISECONDS } from "../../src/access/sweeps.ts";
import worker from "../../src/index.ts";
import { MAX_ENVIRONMENTS } from "../../src/store/new-environments.ts";
import { MAX_CLOSED_DATASETS } from "../../src/store/reset.ts";
import {
  Client,
  costOf,
  expectStatus,
  newPartner,
  operator,
  orderBody,
  refusalOf,
} from "../support/client.ts";
import { setVariables } from "../support/variables.ts";

const RESETS = 30;

const closedDatasets = async ({ partnerId }: Client) =>
  (await env.DB.prepare(
    "SELECT count(*) AS closed FROM datasets WHERE partner_id = ? AND closed_at IS NOT NULL",
  )
    .bind(partnerId)
    .first<number>("closed"))!;

/** Waits until the sweep that a response has started ends: its rows no longer change. */
async function countAfterSweep(client: Client): Promise<number> {
  let before = -1;
  let now = await closedDatasets(client);
  while (now !== before) {
    await scheduler.wait(200);
    [before, now] = [now, await closedDatasets(client)];
  }
  return now;
}

afterEach(() => void vi.useRealTimers());

describe("resets", () => {
  it("start at most one sweep per partner and interval", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const client = await newPartner();
    expectStatus(await client.post("/sandbox/reset"), 204);
    // The first reset sweeps its own dataset.
    await expect.poll(() => closedDatasets(client)).toBe(0);
    for (let count = 1; count < RESETS; count += 1) {
      expectStatus(await client.post("/sandbox/reset"), 204);
    }
    expect(await countAfterSweep(client)).toBe(RESETS - 1);
    vi.setSystemTime(Date.now() + SWEEP_INTERVAL_MILLISECONDS);
    expectStatus(await client.post("/sandbox/reset"), 204);
    expect(await countAfterSweep(client)).toBe(0);
  });

  it("leave the rest to the hourly job", async () => {
    const client = await newPartner();
    for (let count = 0; count < 3; count += 1) await client.post("/sandbox/reset");
    await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
    expect(await closedDatasets(client)).toBe(0);
  });

  it("are rejected while too many datasets of the partner wait to be deleted", async () => {
    const client = await newPartner();
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO datasets (partner_id, environment_id, closed_at) SELECT ?1, 0, 'now' FROM n`,
    )
      .bind(client.partnerId, MAX_CLOSED_DATASETS)
      .run();
    const rejected = await client.post("/sandbox/reset");
    expect(refusalOf(rejected)).toEqual({ status: 429, type: "RATE_LIMIT_ERROR" });
    expect(rejected.headers.get("Retry-After")).toBe("5");
    expectStatus(await client.post("/sandbox/environments", {}), 429);
    // The number of rows that a write reads to check the quota is bounded.
    const { rows_read } = costOf(expectStatus(await client.post("/v2/orders", orderBody()), 200));
    expect(rows_read).toBeLessThan(2 * MAX_CLOSED_DATASETS + 50);
  });
});

it("deletes a partner while its environments are being created, without an error", async () => {
  for (let round = 0; round < 6; round += 1) {
    const { body } = expectStatus(await operator.post("/sandbox/partners", { name: "Busy" }), 200);
    const ids = { partnerId: body.id, environmentId: 0, datasetId: 0 };
    const partner = new Client(ids, body.key);
    expectStatus(await partner.get("/v2/orders"), 200);
    const path = `/sandbox/partners/${body.id}`;
    const responses = await Promise.all([
      ...Array.from({ length: 8 }, () => partner.post("/sandbox/environments", {})),
      operator.delete(path),
      ...Array.from({ length: 8 }, () => partner.post("/sandbox/environments", {})),
    ]);
    for (const { status } of responses) expect([200, 202, 204, 401]).toContain(status);
    let last = await operator.delete(path);
    while (last.status === 202) last = await operator.delete(path);
    expect([204, 404]).toContain(last.status);
    const left = await env.DB.prepare(
      "SELECT count(*) AS rows FROM environments WHERE partner_id = ?",
    )
      .bind(body.id)
      .first<number>("rows");
    expect(left).toBe(0);
  }
});

describe("a partner's expired environments", () => {
  const YESTERDAY = new Date(Date.now() - 86_400_000).toJSON();

  async function addExpired({ partnerId }: Client, count: number): Promise<void> {
    await env.DB.batch([
      env.DB.prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         INSERT INTO environments (partner_id, created_at, expires_at) SELECT ?1, ?3, ?3 FROM n`,
      ).bind(partnerId, count, YESTERDAY),
      env.DB.prepare(
        `INSERT INTO datasets (partner_id, environment_id)
         SELECT partner_id, id FROM environments WHERE partner_id = ?1 AND expires_at = ?2`,
      ).bind(partnerId, YESTERDAY),
      env.DB.prepare(
        `UPDATE environments SET dataset_id = (
           SELECT id FROM datasets WHERE environment_id = environments.id)
         WHERE partner_id = ?1 AND expires_at = ?2`,
      ).bind(partnerId, YESTERDAY),
      env.DB.prepare(
        `INSERT INTO api_keys (environment_id, id, hash, last_four, created_at, last_used_at)
         SELECT id, 1, 'h' || id, 'abcd', ?2, ?2 FROM environments WHERE partner_id = ?1 AND expires_at = ?2`,
      ).bind(partnerId, YESTERDAY),
    ]);
  }
  const open = async ({ partnerId }: Client) =>
    (await env.DB.prepare(
      "SELECT count(*) AS n FROM environments WHERE partner_id = ? AND dataset_id IS NOT NULL AND expires_at IS NOT NULL",
    )
      .bind(partnerId)
      .first<number>("n"))!;

  it("are closed by the hourly job, however few queries it has", async () => {
    setVariables({ HOURLY_QUERIES: "45" });
    const client = await newPartner();
    await addExpired(client, 2);
    for (let hour = 0; hour < 24 && (await open(client)) > 0; hour += 1) {
      const scheduledTime = new Date(Date.now() + hour * 3_600_000);
      await worker.scheduled(createScheduledController({ scheduledTime }), env);
    }
    expect(await open(client)).toBe(0);
  });

  it("count towards its maximum, and don't raise the rows of another partner's writes", async () => {
    const [attacker, client] = [await newPartner(), await newPartner()];
    // Statistics of a small table.
    await env.DB.prepare("ANALYZE").run();
    const rowsOf = async () =>
      costOf(expectStatus(await client.post("/v2/orders", orderBody()), 200)).rows_read;
    const before = await rowsOf();
    await addExpired(attacker, MAX_ENVIRONMENTS);
    expect(await rowsOf()).toBeLessThan(before + 10);
    expectStatus(await attacker.post("/sandbox/environments", {}), 409);
    // The refused request's sweep closes some.
    await expect.poll(() => open(attacker)).toBeLessThan(MAX_ENVIRONMENTS);
    expectStatus(await attacker.post("/sandbox/environments", {}), 200);
  });
});
