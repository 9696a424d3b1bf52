import {
  createScheduledController,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { playStory } from "../../src/domain/transaction-stories.ts";
import worker from "../../src/index.ts";
import { Database } from "../../src/store/database.ts";
import { Dataset } from "../../src/store/dataset.ts";
import { simulateStory } from "../../src/store/simulate-card-event.ts";
import { expectStatus, newPartner, type Client } from "../support/client.ts";
import {
  addWebhook,
  capture,
  detailsOf,
  passAnHour,
  Receiver,
  settled,
} from "../support/receiver.ts";
import { datasetOf, workbenchOf } from "../support/recorded-requests.ts";
import { setVariables } from "../support/variables.ts";

const NOTIFICATIONS = "/sandbox/notifications";

let partner: Client;
let receiver: Receiver;
beforeEach(async () => {
  setVariables({ WEBHOOK_ADDRESSES: "any" });
  partner = await newPartner();
  receiver = new Receiver();
});

/** Announces an event. The stub is disposed: an object in use can't be evicted. */
async function announce(client: Client): Promise<void> {
  using notifications = await workbenchOf(client).notifications();
  await notifications.expect(datasetOf(client));
}

/** Commits an event, and tells nobody: as if the process had ended then. */
async function commitOnly(client: Client): Promise<void> {
  const known = { ...client.dataset, has_webhooks: true };
  const dataset = new Dataset(new Database(env.DB), known, undefined);
  const played = playStory({ story: "force_captured", amount: 7, payment_method_id: "pm" }, () => ({
    transaction_id: crypto.randomUUID(),
    event_id: crypto.randomUUID(),
    network_transaction_id: crypto.randomUUID(),
    customer_id: "c",
    created_at: new Date().toJSON(),
  }));
  if (!played.ok) throw new Error(played.refusal.message);
  await simulateStory(dataset, played.result);
}

/** A D1 whose statements all fail. */
const failing = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
const broken = { bind: () => broken, all: failing };
const failingD1 = { prepare: () => broken, batch: failing } as unknown as D1Database;

const pauseOf = (client: Client) =>
  runInDurableObject(workbenchOf(client), (_, { storage }) => storage.kv.get("attempt_pause"));

/** Runs the next alarm at its time. */
async function runNextAlarm(client: Client): Promise<void> {
  const at = await runInDurableObject(workbenchOf(client), (_, { storage }) => storage.getAlarm());
  vi.useFakeTimers({ toFake: ["Date"], now: at! });
  onTestFinished(() => void vi.useRealTimers());
  expect(await runDurableObjectAlarm(workbenchOf(client))).toBe(true);
}

const queued = async ({ datasetId }: Client) =>
  env.DB.prepare("SELECT count(*) AS rows FROM notification_outbox WHERE dataset_id = ?")
    .bind(datasetId)
    .first<number>("rows");

describe("a committed event", () => {
  it("is delivered by the alarm that was set before it, also after an eviction", async () => {
    await addWebhook(partner, receiver);
    await announce(partner);
    await commitOnly(partner);
    await evictDurableObject(workbenchOf(partner));
    expect(await runDurableObjectAlarm(workbenchOf(partner))).toBe(true);
    await receiver.waitFor(1);
    await settled(partner, 1);
    expect(await queued(partner)).toBe(0);
  });

  it("has an alarm from before its commit, even if D1 fails after it", async () => {
    await addWebhook(partner, receiver);
    const setDatabase = (DB: D1Database) =>
      runInDurableObject(workbenchOf(partner), (instance) => {
        (instance as unknown as { env: object }).env = { ...env, DB };
      });
    await setDatabase(failingD1);
    await capture(partner);
    const alarm = await runInDurableObject(workbenchOf(partner), (_, { storage }) =>
      storage.getAlarm(),
    );
    expect(alarm! - Date.now()).toBeLessThan(6_000);
    expect(await receiver.received()).toEqual([]);
    await setDatabase(env.DB);
    await runDurableObjectAlarm(workbenchOf(partner));
    await receiver.waitFor(1);
  });

  it("is delivered by the hourly job if no alarm was left", async () => {
    await addWebhook(partner, receiver);
    await commitOnly(partner);
    await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
    await receiver.waitFor(1);
    expect(await queued(partner)).toBe(0);
  });

  it("that commits after the alarm went off finds another one set", async () => {
    await addWebhook(partner, receiver);
    await announce(partner);
    await runDurableObjectAlarm(workbenchOf(partner));
    await commitOnly(partner);
    expect(await runDurableObjectAlarm(workbenchOf(partner))).toBe(true);
    await receiver.waitFor(1);
  });

  it("is taken by the next alarm of a pause, also after an eviction", async () => {
    const limit = async ({ key }: { key: string }) => ({ success: key !== `${partner.partnerId}` });
    setVariables({ RATE_LIMITS: "on", NOTIFICATION_RATE_LIMIT: { limit } });
    await addWebhook(partner, receiver);
    await capture(partner);
    await expect.poll(() => pauseOf(partner)).toBeDefined();
    await announce(partner);
    await commitOnly(partner);
    await evictDurableObject(workbenchOf(partner));
    await runNextAlarm(partner);
    expect(await queued(partner)).toBe(0);
  });

  it("is stored once, however often it is taken from the queue", async () => {
    await addWebhook(partner, receiver);
    await commitOnly(partner);
    const rows = await env.DB.prepare("SELECT * FROM notification_outbox WHERE dataset_id = ?")
      .bind(partner.datasetId)
      .all();
    const deliver = async () => {
      using notifications = await workbenchOf(partner).notifications();
      await notifications.deliver(datasetOf(partner));
    };
    await deliver();
    const [row] = rows.results;
    await env.DB.prepare("INSERT INTO notification_outbox VALUES (?, ?, ?, ?)")
      .bind(...Object.values(row!))
      .run();
    await deliver();
    await settled(partner, 1);
    expect(await receiver.received()).toHaveLength(1);
    expect(await queued(partner)).toBe(0);
  });
});

describe("deliveries", () => {
  it("continue after an eviction", async () => {
    await addWebhook(partner, receiver, { retry_after_seconds: [60] });
    await receiver.plan({ status: 500 });
    await capture(partner);
    await receiver.waitFor(1);
    await expect
      .poll(async () => (await partner.get(NOTIFICATIONS)).body.data[0].attempt_count)
      .toBe(1);
    await evictDurableObject(workbenchOf(partner));
    await passAnHour(partner);
    await receiver.waitFor(2);
    await settled(partner, 1);
  });

  it("of a webhook that failed for a day are paused, which the webhook says", async () => {
    const { id } = await addWebhook(partner, receiver, { retry_after_seconds: [60, 86_400] });
    await receiver.plan({ status: 500 }, { status: 500 });
    await capture(partner);
    await receiver.waitFor(1);
    const webhook = async () => (await partner.get(`/sandbox/webhooks/${id}`)).body;
    await expect.poll(async () => (await webhook()).failing_since).toEqual(expect.any(String));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 25 * 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    await runDurableObjectAlarm(workbenchOf(partner));
    await receiver.waitFor(2);
    await expect.poll(async () => (await webhook()).status).toBe("paused");
    expect((await webhook()).paused_because).toBe("failed_for_a_day");
    expect((await partner.get(NOTIFICATIONS)).body.data[0]).toMatchObject({
      delivery_status: "pending",
      next_at: null,
    });
  });

  it("end with the environment", async () => {
    const made = expectStatus(await partner.post("/sandbox/environments", {}), 200).body;
    const guest = Object.assign(await newPartner(), { key: made.key, environmentId: made.id });
    await addWebhook(guest, receiver, { retry_after_seconds: [60, 60] });
    await receiver.plan({ status: 500 }, { status: 500 });
    await capture(guest);
    await receiver.waitFor(1);
    expectStatus(await partner.delete(`/sandbox/environments/${made.id}`), 204);
    await passAnHour(guest);
    expect(await receiver.received()).toHaveLength(1);
  });

  it("are none of another environment's", async () => {
    const other = await newPartner();
    const elsewhere = new Receiver();
    await addWebhook(partner, receiver);
    await addWebhook(other, elsewhere);
    await Promise.all([capture(partner, { amount: 1 }), capture(other, { amount: 2 })]);
    await Promise.all([settled(partner, 1), settled(other, 1)]);
    const amounts = async (each: Receiver) =>
      (await each.received()).map(({ body }) => JSON.parse(body).data.amount);
    expect([await amounts(receiver), await amounts(elsewhere)]).toEqual([[1], [2]]);
    // IDs are times, so two notifications of the same millisecond have the same ID in their environments.
    await capture(other, { amount: 3 });
    const [{ id }] = await settled(other, 2);
    expectStatus(await partner.get(`${NOTIFICATIONS}/${id}`), 404);
  });
});

describe("a webhook", () => {
  it("is not added if D1 does not confirm it", async () => {
    await runInDurableObject(workbenchOf(partner), (instance) => {
      const workbench = instance as unknown as { env: Cloudflare.Env };
      workbench.env = { ...env, DB: failingD1 };
    });
    const response = await partner.post("/sandbox/webhooks", { url: receiver.url });
    expectStatus(response, 503);
    expect((await partner.get("/sandbox/webhooks")).body.total).toBe(0);
  });

  it("without a URL is removed a day after its stream was last read", async () => {
    const { id } = expectStatus(await partner.post("/sandbox/webhooks", {}), 200).body;
    await capture(partner);
    await expect.poll(async () => (await partner.get(NOTIFICATIONS)).body.total).toBe(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 25 * 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await runDurableObjectAlarm(workbenchOf(partner))).toBe(true);
    expectStatus(await partner.get(`/sandbox/webhooks/${id}`), 404);
    expect((await partner.get(NOTIFICATIONS)).body.data).toMatchObject([
      { delivery_status: "unaddressed" },
    ]);
  });
});

describe("the log", () => {
  it("is deleted after seven days, and leaves nothing in an unused workbench", async () => {
    const { id } = await addWebhook(partner, receiver);
    await capture(partner);
    await settled(partner, 1);
    expectStatus(await partner.delete(`/sandbox/webhooks/${id}`), 204);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 8 * 86_400_000 });
    onTestFinished(() => void vi.useRealTimers());
    await runDurableObjectAlarm(workbenchOf(partner));
    await runDurableObjectAlarm(workbenchOf(partner));
    const tables = await runInDurableObject(workbenchOf(partner), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'notifications'").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("counts into the bytes that the environment may store, the oldest go first", async () => {
    await runInDurableObject(workbenchOf(partner), (instance) => {
      (instance as unknown as { env: object }).env = { ...env, RECORDED_BYTE_QUOTA: "1" };
    });
    const data = { metadata: { x: "y".repeat(60_000) } };
    const ids: string[] = [];
    for (let count = 0; count < 40; count += 1) {
      const sent = await partner.post(NOTIFICATIONS, { object: "REWARD", data });
      ids.push(expectStatus(sent, 200).body.id);
    }
    const stored = async () => (await partner.get(NOTIFICATIONS)).body.total;
    // Beyond 1 MB, half of it is left: at 61 KB each, 8 to 17.
    await expect.poll(stored).toBeLessThan(18);
    expect(await stored()).toBeGreaterThan(6);
    expect((await detailsOf(partner, ids.at(-1)!)).object).toBe("REWARD");
    expectStatus(await partner.get(`${NOTIFICATIONS}/${ids[0]}`), 404);
  });
});
