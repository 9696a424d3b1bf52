import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { NOTIFICATION_FAULT_NAMES } from "../../src/domain/notification-faults.ts";
import { expectStatus, newPartner, type Client } from "../support/client.ts";
import {
  addWebhook,
  capture,
  detailsOf,
  reasonOf,
  Receiver,
  settled,
} from "../support/receiver.ts";
import { DatasetStorage } from "../../src/workbench/database.ts";
import { insertDeliveries, releaseHeld } from "../../src/workbench/deliveries.ts";
import { workbenchOf } from "../support/recorded-requests.ts";
import { setVariables } from "../support/variables.ts";

const PENDING = 500;

let partner: Client;
let receiver: Receiver;
let token: string;
beforeEach(async () => {
  setVariables({ WEBHOOK_ADDRESSES: "any" });
  partner = await newPartner();
  receiver = new Receiver();
  token = (await addWebhook(partner, receiver)).signing_token;
});

const addFault = async (fault: object) =>
  expectStatus(await partner.post("/sandbox/faults", fault), 200).body;
const received = async () => (await receiver.received()).map(({ body }) => JSON.parse(body).data);
const amounts = async () => (await received()).map(({ amount }) => amount);

describe("the fault", () => {
  it("duplicate_notification sends the same event twice", async () => {
    const { id } = await addFault({ fault: "duplicate_notification" });
    await capture(partner, { amount: 1 });
    const [listed] = await settled(partner, 1);
    await receiver.waitFor(2);
    expect(await amounts()).toEqual([1, 1]);
    expect(listed).toMatchObject({
      fault: { id, fault: "duplicate_notification" },
      attempt_count: 2,
    });
  });

  it("late_notification sends it late", async () => {
    await addFault({ fault: "late_notification", delay_ms: 400 });
    await capture(partner, { amount: 1 });
    const committed = Date.now();
    const [late] = await receiver.waitFor(1);
    expect(late!.at - committed).toBeGreaterThan(350);
    expect(late!.at - committed).toBeLessThan(2_000);
  });

  it("reordered_notification sends the next one first", async () => {
    await addFault({ fault: "reordered_notification" });
    for (const amount of [1, 2, 3]) await capture(partner, { amount });
    await settled(partner, 3);
    const order = await amounts();
    expect(order.indexOf(2)).toBeLessThan(order.indexOf(1));
  });

  it("reordered_notification reads no pending delivery but the held one", async () => {
    const workbench = workbenchOf(await newPartner());
    const rows = await runInDurableObject(workbench, async (_, { storage }) => {
      const counted = new DatasetStorage(storage);
      const db = (await counted.write(1))!;
      const held = { id: "flt_1", fault: "reordered_notification", delay_ms: 0 } as const;
      for (let each = 0; each < PENDING; each += 1) {
        insertDeliveries(db, each, "webhook", each === 0 ? held : undefined);
      }
      counted.rows.take();
      releaseHeld(db, "webhook", PENDING);
      return counted.rows.take();
    });
    expect(rows.rows_read).toBeLessThan(10);
    expect(rows.rows_written).toBeGreaterThan(0);
  });

  it("reordered_notification waits for at most five seconds", async () => {
    await addFault({ fault: "reordered_notification" });
    await capture(partner, { amount: 1 });
    const committed = Date.now();
    const [alone] = await receiver.waitFor(1);
    expect(alone!.at - committed).toBeGreaterThan(4_500);
    expect(alone!.at - committed).toBeLessThan(6_500);
  });

  it("lost_notification never sends the first attempt", async () => {
    await addFault({ fault: "lost_notification" });
    await capture(partner, { amount: 1 });
    const [{ id }] = await settled(partner, 1);
    expect(await amounts()).toEqual([1]);
    expect((await detailsOf(partner, id)).attempts).toMatchObject([
      { status: null, error: expect.stringContaining("lost_notification") },
      { status: 200 },
    ]);
  });

  it.each([
    ["invalid_signature", "token"],
    ["stale_signature", "too_old"],
  ])("%s is noticed by verification, and the retry is signed correctly", async (fault) => {
    await addFault({ fault });
    await receiver.plan({ status: 401 });
    await capture(partner);
    const [first, second] = await receiver.waitFor(2);
    expect(await reasonOf(first!, token)).not.toBeNull();
    expect(await reasonOf(second!, token)).toBeNull();
    await settled(partner, 1);
  });
});

describe("every fault", () => {
  it.each(NOTIFICATION_FAULT_NAMES)("%s counts its times and skips exactly", async (fault) => {
    const delay = fault === "late_notification" ? { delay_ms: 10 } : {};
    const { id } = await addFault({
      fault,
      ...delay,
      times: 2,
      skip: 1,
      match: { status: "CAPTURED" },
    });
    await capture(partner, { status: "APPROVED", amount: 9 });
    for (let amount = 1; amount <= 5; amount += 1) await capture(partner, { amount });
    const listed = await settled(partner, 6);
    const applied = listed
      .toReversed()
      .map((each: { fault?: { id: string } }) => each.fault?.id === id);
    // One that changes places with a held one takes no fault of the same kind.
    const expected =
      fault === "reordered_notification"
        ? [false, false, true, false, true, false]
        : [false, false, true, true, false, false];
    expect(applied).toEqual(expected);
    expect((await partner.get("/sandbox/faults")).body.total).toBe(0);
    const others = (await received()).filter(({ status }) => status === "APPROVED");
    expect(others).toHaveLength(1);
  });

  it("applies to all webhooks that receive the notification, and counts once", async () => {
    const other = new Receiver();
    await addWebhook(partner, other);
    await addFault({ fault: "duplicate_notification" });
    await capture(partner, { amount: 1 });
    await capture(partner, { amount: 2 });
    await settled(partner, 2);
    expect((await amounts()).toSorted((a, b) => a - b)).toEqual([1, 1, 2]);
    expect(await other.received()).toHaveLength(3);
  });

  it("is not used up by a notification that no webhook receives, nor by a request", async () => {
    const { id } = await addFault({ fault: "lost_notification", match: { object: "REWARD" } });
    const [{ id: webhook }] = (await partner.get("/sandbox/webhooks")).body.data;
    const kinds = { kinds: ["TRANSACTION"] };
    expectStatus(await partner.send("PATCH", `/sandbox/webhooks/${webhook}`, kinds), 200);
    expectStatus(await partner.post("/sandbox/notifications", { object: "REWARD" }), 200);
    expectStatus(await partner.get("/v2/orders"), 200);
    expect((await partner.get("/sandbox/faults")).body.data).toMatchObject([{ id, remaining: 1 }]);
  });
});
