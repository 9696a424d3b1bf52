import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { longerPause, shorterPause } from "../../src/domain/deliveries.ts";
import { expectStatus, newPartner, type Client } from "../support/client.ts";
import { addWebhook, capture, Receiver, settled } from "../support/receiver.ts";
import { workbenchOf } from "../support/recorded-requests.ts";
import { setVariables } from "../support/variables.ts";

const WEBHOOKS = 3;
const NOTIFICATIONS = 2;
const HOUR_MILLISECONDS = 3_600_000;
/** More alarms than this in an hour fail the test. */
const MAX_ALARMS = 40;

let partner: Client;
let receiver: Receiver;
/** What the attempt limit returns to the partner, and how often it was asked. */
let limit: { success: boolean; calls: number };
beforeEach(async () => {
  partner = await newPartner();
  receiver = new Receiver();
  limit = { success: false, calls: 0 };
  const ask = async ({ key }: { key: string }) => {
    if (key !== String(partner.partnerId)) return { success: true };
    limit.calls += 1;
    return { success: limit.success };
  };
  const NOTIFICATION_RATE_LIMIT = { limit: ask };
  setVariables({ WEBHOOK_ADDRESSES: "any", RATE_LIMITS: "on", NOTIFICATION_RATE_LIMIT });
});

/** Sends notifications that the limit refuses. */
async function backUp(): Promise<void> {
  for (let count = 0; count < WEBHOOKS; count += 1) await addWebhook(partner, receiver);
  for (let count = 0; count < NOTIFICATIONS; count += 1) {
    expectStatus(await partner.post("/sandbox/notifications", { object: "TRANSACTION" }), 200);
  }
  await expect.poll(() => limit.calls).toBeGreaterThan(0);
}

const alarmTime = () =>
  runInDurableObject(workbenchOf(partner), async (_, { storage }) => (await storage.getAlarm())!);

/** Counts the queries of D1. */
function countQueries(): { queries: number } {
  const counted = { queries: 0 };
  const { DB } = env;
  const spy = new Proxy(DB, {
    get: (target, name) => {
      if (name === "prepare" || name === "batch") counted.queries += 1;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  setVariables({ DB: spy });
  return counted;
}

it("asks ever less often while the limit refuses, also after evictions, and queries no D1", async () => {
  await backUp();
  const start = Date.now();
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  onTestFinished(() => void vi.useRealTimers());
  const counted = countQueries();
  limit.calls = 0;
  const waits: number[] = [];
  while (Date.now() < start + HOUR_MILLISECONDS && waits.length < MAX_ALARMS) {
    const at = await alarmTime();
    waits.push(at - Date.now());
    await evictDurableObject(workbenchOf(partner));
    vi.setSystemTime(at);
    expect(await runDurableObjectAlarm(workbenchOf(partner))).toBe(true);
  }
  expect(waits.length).toBeLessThan(15);
  for (const [index, wait] of waits.slice(1, 9).entries()) {
    const shortest = 4_000 * 2 ** index;
    expect(wait).toBeGreaterThanOrEqual(shortest);
    expect(wait).toBeLessThanOrEqual(1.5 * shortest);
  }
  expect(Math.max(...waits)).toBeLessThanOrEqual(900_000);
  expect(limit.calls).toBe(waits.length);
  // Once an hour, the alarm also looks for committed events.
  expect(counted.queries).toBeLessThan(6);
  expect(await receiver.received()).toEqual([]);
});

it("delivers everything with the next event after a pause", async () => {
  await backUp();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  onTestFinished(() => void vi.useRealTimers());
  for (let count = 0; count < 5; count += 1) {
    vi.setSystemTime(await alarmTime());
    await runDurableObjectAlarm(workbenchOf(partner));
  }
  expect((await alarmTime()) - Date.now()).toBeGreaterThan(60_000);
  limit.success = true;
  await capture(partner);
  await settled(partner, NOTIFICATIONS + 1);
  expect(await receiver.received()).toHaveLength(WEBHOOKS * (NOTIFICATIONS + 1));
});

it("bounds the pauses, and halves them until none is left", () => {
  expect([0, 2_000, 64_000, 500_000, 600_000].map(longerPause)).toEqual([
    2_000, 4_000, 128_000, 600_000, 600_000,
  ]);
  expect([600_000, 4_000, 3_999, 0].map(shorterPause)).toEqual([300_000, 2_000, 0, 0]);
});
