import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { CommandQueue, MAX_QUEUED_COMMANDS } from "../../src/ledger/command-queue.ts";
import { costOf, expectStatus, newPartner } from "../support/client.ts";

describe("the ledger's memory", () => {
  it("saves a warm order the read", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    // Creating the order didn't start its ledger, which is cold.
    expect(costOf(await client.capture(id, 1)).queries).toBe(2);
    expect(costOf(await client.capture(id, 1)).queries).toBe(1);
    await evictDurableObject(env.ORDER_LEDGER.getByName(`${client.environmentId}:${id}`));
    expect(costOf(await client.capture(id, 1)).queries).toBe(2);
    expect(costOf(await client.capture(id, 1)).queries).toBe(1);
  });

  it("is only a cache: a cold order decides the same", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    await client.capture(id, 100);
    await evictDurableObject(env.ORDER_LEDGER.getByName(`${client.environmentId}:${id}`));
    expectStatus(await client.refund(id, 101), 409);
    expectStatus(await client.refund(id, 100), 200);
    await evictDurableObject(env.ORDER_LEDGER.getByName(`${client.environmentId}:${id}`));
    expectStatus(await client.refund(id, 1), 409);
  });

  it("is discarded after another writer's change", async () => {
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
    // The object's cached state has no refund. The fence makes it read D1 again.
    const refused = expectStatus(await client.refund(id, 50), 409);
    expect(refused.body.error.details).toMatchObject({
      captured: 100,
      refunded: 60,
      refundable: 40,
    });
  });
});

describe("the queue", () => {
  it("runs commands one after another, also after a failed one", async () => {
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

  it("rejects commands while too many wait, and accepts them again afterwards", async () => {
    const queue = new CommandQueue();
    const waiting = Array.from({ length: MAX_QUEUED_COMMANDS }, () =>
      queue.run(() => Promise.resolve())!,
    );
    expect(queue.run(() => Promise.resolve())).toBeUndefined();
    await Promise.all(waiting);
    expect(queue.run(() => Promise.resolve())).toBeInstanceOf(Promise);
  });

  it("returns 503 for commands beyond its limit, and executes all others", async () => {
    const client = await newPartner();
    const id = await client.createOrder();
    const sent = MAX_QUEUED_COMMANDS + 100;
    const responses = await Promise.all(Array.from({ length: sent }, () => client.capture(id, 1)));
    const accepted = responses.filter((each) => each.status === 200);
    const rejected = responses.filter((each) => each.status !== 200);
    expect(accepted.length).toBeGreaterThanOrEqual(MAX_QUEUED_COMMANDS);
    expect(rejected.length).toBeGreaterThan(0);
    for (const each of rejected) {
      expectStatus(each, 503);
      expect(each.headers.get("Retry-After")).toBe("1");
    }
    expect((await client.get(`/v2/order_events?order_id=${id}`)).body.total).toBe(accepted.length);
  });
});
