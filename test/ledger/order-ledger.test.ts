import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { CommandQueue, MAX_QUEUED_COMMANDS } from "../../src/ledger/command-queue.ts";
import { costOf, expectStatus, newPartner } from "../support/client.ts";

describe("the ledger's memory", () => {
  it("spares a warm order the read", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    // The order was made without its ledger, which starts cold.
    expect(costOf(await client.capture(id, 1)).queries).toBe(2);
    expect(costOf(await client.capture(id, 1)).queries).toBe(1);
    await evictDurableObject(env.ORDER_LEDGER.getByName(`${client.environmentId}:${id}`));
    expect(costOf(await client.capture(id, 1)).queries).toBe(2);
    expect(costOf(await client.capture(id, 1)).queries).toBe(1);
  });

  it("is nothing but a copy: a cold order decides the same", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    await client.capture(id, 100);
    await evictDurableObject(env.ORDER_LEDGER.getByName(`${client.environmentId}:${id}`));
    expectStatus(await client.refund(id, 101), 409);
    expectStatus(await client.refund(id, 100), 200);
    await evictDurableObject(env.ORDER_LEDGER.getByName(`${client.environmentId}:${id}`));
    expectStatus(await client.refund(id, 1), 409);
  });

  it("does not outlive another writer's change", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    await client.capture(id, 100);
    const other = env.ORDER_LEDGER.getByName("another-object");
    await other.appendOrderEvent({
      dataset: client.dataset,
      order_id: id,
      request: { request_id: "test", received_at: "2025-01-01T00:00:00Z" },
      input: { order_id: id, type: "REFUNDED", amount: 60, network_transaction_id: "nt" },
      new_order_event_id: crypto.randomUUID(),
    });
    // The object remembers 100 captured and none refunded; the fence tells it better.
    const refused = expectStatus(await client.refund(id, 50), 409);
    expect(refused.body.error.details).toMatchObject({
      captured: 100,
      refunded: 60,
      refundable: 40,
    });
  });
});

describe("the queue", () => {
  it("runs commands one after another, also after one that failed", async () => {
    const queue = new CommandQueue();
    const log: string[] = [];
    const command = (name: string) => async () => {
      log.push(`${name} starts`);
      await Promise.resolve();
      log.push(`${name} ends`);
      if (name === "b") throw new Error("failed");
      return name;
    };
    const results = await Promise.allSettled(
      ["a", "b", "c"].map((name) => queue.run(command(name))!),
    );
    expect(log).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
    expect(results.map((each) => each.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("turns commands away when too many are waiting, and takes them again afterwards", async () => {
    const queue = new CommandQueue();
    const waiting = Array.from({ length: MAX_QUEUED_COMMANDS }, () =>
      queue.run(() => Promise.resolve())!,
    );
    expect(queue.run(() => Promise.resolve())).toBeUndefined();
    await Promise.all(waiting);
    expect(queue.run(() => Promise.resolve())).toBeInstanceOf(Promise);
  });

  it("answers 503 at once to what is too much for one order, and loses nothing of the rest", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    const sent = MAX_QUEUED_COMMANDS + 100;
    const answers = await Promise.all(Array.from({ length: sent }, () => client.capture(id, 1)));
    const taken = answers.filter((each) => each.status === 200);
    const turnedAway = answers.filter((each) => each.status !== 200);
    expect(taken.length).toBeGreaterThanOrEqual(MAX_QUEUED_COMMANDS);
    expect(turnedAway.length).toBeGreaterThan(0);
    for (const each of turnedAway) {
      expectStatus(each, 503);
      expect(each.headers.get("Retry-After")).toBe("1");
    }
    expect((await client.get(`/v2/order_events?order_id=${id}`)).body.total).toBe(taken.length);
  });
});
