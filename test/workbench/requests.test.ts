import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { MAX_RECORDED_BYTES, MAX_RECORDED_REQUESTS } from "../../src/domain/requests.ts";
import { newEnvironment, newPartner, type Client } from "../support/client.ts";
import {
  datasetOf,
  listed,
  newRequest,
  REQUESTS,
  workbenchOf,
} from "../support/recorded-requests.ts";

let partner: Client;
beforeEach(async () => {
  partner = await newPartner();
});

const total = async () => (await partner.get(REQUESTS)).body.total;
const many = (count: number, fields = {}) =>
  Array.from({ length: count }, () => newRequest(fields));
const tables = () =>
  runInDurableObject(workbenchOf(partner), async (_, { storage }) => ({
    names: storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'requests'").toArray(),
    alarm: await storage.getAlarm(),
  }));
const days = (count: number) => new Date(Date.now() - count * 86_400_000).toISOString();

describe("a workbench", () => {
  it(`stores the last ${MAX_RECORDED_REQUESTS} requests`, async () => {
    const dataset = datasetOf(partner);
    await workbenchOf(partner).record(dataset, [newRequest({ request_id: "first" })]);
    for (let part = 0; part < 10; part += 1)
      await workbenchOf(partner).record(dataset, many(1_000));
    expect(await total()).toBe(MAX_RECORDED_REQUESTS);
    expect(await listed(partner, 0, "request_id=first")).toEqual([]);
    await evictDurableObject(workbenchOf(partner));
    await workbenchOf(partner).record(dataset, many(5));
    expect(await total()).toBe(MAX_RECORDED_REQUESTS);
  });

  it(`stores at most ${MAX_RECORDED_BYTES} bytes`, async () => {
    const details = JSON.stringify({ body: "x".repeat(1_000_000) });
    for (let part = 0; part < 70; part += 5) {
      await workbenchOf(partner).record(datasetOf(partner), many(5, { details }));
      if (part === 35) await evictDurableObject(workbenchOf(partner));
    }
    expect(await total()).toBe(63);
  });

  it("stores its share of the partner's quota, which shrinks with each environment", async () => {
    const workbench = workbenchOf(partner);
    await runInDurableObject(workbench, (instance) => {
      (instance as unknown as { env: object }).env = { ...env, RECORDED_BYTE_QUOTA: "4000000" };
    });
    const details = JSON.stringify({ body: "x".repeat(900_000) });
    await workbench.record(datasetOf(partner), many(6, { details }));
    expect(await total()).toBe(4);
    for (let count = 0; count < 2; count += 1) await newEnvironment(partner.partnerId);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await runDurableObjectAlarm(workbench)).toBe(true);
    expect(await total()).toBe(1);
  });

  it("deletes expired requests, and everything when none is left", async () => {
    await workbenchOf(partner).record(datasetOf(partner), [
      newRequest({ at: days(8) }),
      newRequest({ at: days(6) }),
    ]);
    expect(await runDurableObjectAlarm(workbenchOf(partner))).toBe(true);
    expect(await total()).toBe(1);
    const { alarm } = await tables();
    expect(alarm! - Date.now()).toBeGreaterThan(23 * 3_600_000);
    expect(alarm! - Date.now()).toBeLessThan(25 * 3_600_000);
    await runInDurableObject(workbenchOf(partner), (_, { storage }) => {
      storage.sql.exec("UPDATE requests SET at = 0");
    });
    await runDurableObjectAlarm(workbenchOf(partner));
    expect(await tables()).toEqual({ names: [], alarm: null });
  });

  it("deletes data that a late request recreates after the environment is gone", async () => {
    await workbenchOf(partner).record(datasetOf(partner), [newRequest()]);
    await workbenchOf(partner).destroy();
    expect(await tables()).toEqual({ names: [], alarm: null });
    await workbenchOf(partner).record(datasetOf(partner), [newRequest()]);
    expect(await tables()).toEqual({ names: [], alarm: null });
    await evictDurableObject(workbenchOf(partner));
    await workbenchOf(partner).record(datasetOf(partner), [
      newRequest({ at: new Date(0).toISOString() }),
    ]);
    expect((await tables()).alarm).not.toBeNull();
    await runDurableObjectAlarm(workbenchOf(partner));
    expect(await tables()).toEqual({ names: [], alarm: null });
  });

  it("stores only the requests of the current dataset", async () => {
    const dataset_id = partner.datasetId;
    await workbenchOf(partner).record(datasetOf(partner), [newRequest()]);
    await workbenchOf(partner).reset(dataset_id + 1);
    await workbenchOf(partner).record(datasetOf(partner), [newRequest()]);
    const list = (dataset: number) =>
      workbenchOf(partner).listRequests(datasetOf(partner, dataset), {}, { limit: 10 });
    expect(await list(dataset_id)).toEqual({ result: "superseded" });
    expect(await list(dataset_id + 1)).toMatchObject({ result: { total: 0 } });
    await workbenchOf(partner).record(datasetOf(partner, dataset_id + 2), [newRequest()]);
    expect(await list(dataset_id + 2)).toMatchObject({ result: { total: 1 } });
  });

  it("lists the writes to an order, oldest first, with the version after each", async () => {
    const ofOrder = { order_id: "o-1", method: "POST" };
    const items = [
      newRequest({ ...ofOrder, request_id: "first", version_after: 2 }),
      newRequest(),
      newRequest({ ...ofOrder, method: "GET" }),
      newRequest({ ...ofOrder, request_id: "second", status: null, version_after: 3 }),
    ];
    await workbenchOf(partner).record(datasetOf(partner), items);
    expect(await workbenchOf(partner).listOrderRequests(datasetOf(partner), "o-1")).toMatchObject({
      result: {
        requests: [
          { request_id: "first", version_after: 2 },
          { request_id: "second", version_after: 3 },
        ],
        has_more: false,
      },
    });
  });
});
