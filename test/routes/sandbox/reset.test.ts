import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { keyCache } from "../../../src/access/key-cache.ts";
import {
  expectStatus,
  newPartner,
  orderBody,
  type ApiResponse,
  type Client,
} from "../../support/client.ts";
import { rowsOf } from "../../support/rows.ts";

const reset = async (client: Client) => expectStatus(await client.post("/sandbox/reset"), 204);

/** As an isolate that has heard of no reset: it remembers the dataset that the environment had. */
function forgetResets({ key, datasetId }: Client): void {
  const known = keyCache.get(key, Date.now());
  if (known && known !== "unknown") Object.assign(known, { dataset_id: datasetId, reset_at: 0 });
}

describe("a reset", () => {
  it("leaves nothing but the keys, and the ids are free", async () => {
    const [client, other] = [await newPartner(), await newPartner()];
    const second = (await client.post("/v2/keys")).body.key;
    for (const each of [client, other]) {
      const id = await each.createOrder({ id: "order-1" });
      expectStatus(await each.capture(id, 100, { partner_event_id: "event-1" }), 200);
      const key = { "Idempotency-Key": "key-1" };
      expectStatus(await each.post("/v2/orders", orderBody({ id: "order-2" }), key), 200);
    }
    const before = await rowsOf(other);
    await reset(client);
    expect((await client.get("/v2/orders")).body).toEqual({ data: [], has_more: false, total: 0 });
    expect((await client.get("/v2/order_events")).body.total).toBe(0);
    expect((await client.get("/sandbox/keys")).body.total).toBe(2);
    expect(second).toMatch(/^test_/);
    const key = { "Idempotency-Key": "key-1" };
    const again = await client.post("/v2/orders", orderBody({ id: "order-3" }), key);
    expect([again.status, again.headers.has("Idempotent-Replayed")]).toEqual([200, false]);
    await client.createOrder({ id: "order-1", total_order_amount: 5 });
    expect(await rowsOf(other)).toBe(before);
  });

  it("is told to a warm ledger: version, sums and events begin anew", async () => {
    const client = await newPartner();
    const id = await client.createOrder({ id: "order-1" });
    expectStatus(await client.capture(id, 100), 200);
    await reset(client);
    expectStatus(await client.capture(id, 1), 404);
    await client.createOrder({ id: "order-1" });
    // The ledger of before remembers 100 captured, and the same version.
    expectStatus(await client.capture(id, 5), 200);
    const refused = expectStatus(await client.refund(id, 6), 409);
    expect(refused.body.error.details).toMatchObject({ captured: 5, refundable: 5 });
  });

  it.each([
    ["an isolate that remembers the dataset of before", forgetResets],
    ["one that knows", () => undefined],
  ])("is exact in %s: reads, writes and refusals are of the new dataset", async (_, prepare) => {
    const client = await newPartner();
    const id = await client.createOrder({ id: "order-1" });
    expectStatus(await client.capture(id, 100, { order_event_id: "event-1" }), 200);
    await reset(client);
    const old = await oldRows(client);
    const answers = [];
    for (const send of [
      () => client.get("/v2/orders"),
      () => client.get("/v2/order_events?order_id=order-1"),
      () => client.capture(id, 1),
      () => client.put(`/v2/orders/${id}`, orderBody()),
      () => client.delete(`/v2/orders/${id}`),
      () => client.delete("/v2/order_events/event-1"),
      () => client.post("/v2/orders", orderBody({ id: "order-1", total_order_amount: 7 })),
      () => client.get("/v2/orders?id=order-1"),
    ]) {
      prepare(client);
      answers.push(await send());
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404, 404, 404, 200, 200]);
    expect(answers[0]!.body.total).toBe(0);
    expect(answers[1]!.body.total).toBe(0);
    expect(answers[7]!.body.data).toMatchObject([{ total_order_amount: 7 }]);
    // Nobody has written to what was, and the sweep may take it.
    const now = await oldRows(client);
    expect(now === "" || now === old).toBe(true);
  });
});

const oldRows = async ({ datasetId }: Client) => {
  const { results } = await env.DB.prepare("SELECT * FROM order_changes WHERE dataset_id = ?")
    .bind(datasetId)
    .all();
  return results.length === 0 ? "" : JSON.stringify(results);
};

const CLIENTS = 16;
const RESETS = 50;

it(`is exact ${RESETS} times while ${CLIENTS} clients write and read, with warm ledgers`, async () => {
  const client = await newPartner();
  // Rounds end with a reset: how many were asked for, and how many are over.
  let asked = 0;
  let round = 0;
  const end = new AbortController();
  const seen: string[] = [];
  let answered = 0;

  /**
   * What is sent carries the number of its round, or of the next one while a reset runs: no answer to a request
   * that began in a round shows anything of an earlier one.
   */
  async function ask(send: (mark: string) => Promise<ApiResponse>): Promise<void> {
    const began = round;
    const { text, status } = await send(`round-${asked}`);
    answered += 1;
    if (status >= 500) seen.push(`${status} ${text}`);
    for (const [, number] of text.matchAll(/round-(\d+)/g)) {
      if (Number(number) < began) seen.push(`round ${number} in round ${began}: ${text}`);
    }
  }

  async function work(worker: number): Promise<void> {
    const id = `order-${worker % 4}`;
    for (let turn = 0; !end.signal.aborted; turn += 1) {
      if (turn % 2 === 0) forgetResets(client);
      await ask((mark) => client.post("/v2/orders", orderBody({ id, partner_order_id: mark })));
      await ask((mark) => client.capture(id, 10, { network_transaction_id: mark }));
      await ask((mark) => client.refund(id, 3, { network_transaction_id: mark }));
      await ask(() => client.get("/v2/orders"));
      await ask(() => client.get(`/v2/order_events?order_id=${id}`));
      // No timer comes, and so no reset ends, while the isolate is never idle.
      await scheduler.wait(1);
    }
  }

  const workers = Array.from({ length: CLIENTS }, (_, worker) => work(worker));
  try {
    for (let count = 0; count < RESETS; count += 1) {
      asked += 1;
      await reset(client);
      round = asked;
    }
  } finally {
    end.abort();
  }
  await Promise.all(workers);
  expect(seen).toEqual([]);
  expect(answered).toBeGreaterThan(RESETS);
}, 120_000);
