import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { keyCache } from "../../../src/access/key-cache.ts";
import {
  expectStatus,
  newPartner,
  orderBody,
  type ApiResponse,
  type Client,
} from "../../support/client.ts";
import { rowsOf } from "../../support/rows.ts";

const FIXTURE_ORDER = "77f60af4-185e-4867-b113-34e3cf7c6acd";

const reset = async (client: Client) => expectStatus(await client.post("/sandbox/reset"), 204);

/** Makes the isolate cache the dataset from before any reset, as another isolate may have it. */
function forgetResets({ key, datasetId }: Client): void {
  const known = keyCache.get(key, Date.now());
  if (known && known !== "unknown") Object.assign(known, { dataset_id: datasetId });
}

describe("a reset", () => {
  it("deletes everything except the keys, and frees the IDs", async () => {
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

  it("resets the version, sums and events that a warm ledger has cached", async () => {
    const client = await newPartner();
    const id = await client.createOrder({ id: "order-1" });
    expectStatus(await client.capture(id, 100), 200);
    await reset(client);
    expectStatus(await client.capture(id, 1), 404);
    await client.createOrder({ id: "order-1" });
    // The warm ledger has cached 100 captured, at the same version.
    expectStatus(await client.capture(id, 5), 200);
    const refused = expectStatus(await client.refund(id, 6), 409);
    expect(refused.body.error.details).toMatchObject({ captured: 5, refundable: 5 });
  });

  it.each([
    ["an isolate that has cached the closed dataset", forgetResets],
    ["an isolate that knows the new dataset", () => undefined],
  ])("applies to reads, writes and rejections in %s", async (_, prepare) => {
    const client = await newPartner();
    const id = await client.createOrder({ id: "order-1" });
    expectStatus(await client.capture(id, 100, { order_event_id: "event-1" }), 200);
    await reset(client);
    const old = await oldRows(client);
    const responses = [];
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
      responses.push(await send());
    }
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 404, 404, 404, 404, 200, 200]);
    expect(responses[0]!.body.total).toBe(0);
    expect(responses[1]!.body.total).toBe(0);
    expect(responses[7]!.body.data).toMatchObject([{ total_order_amount: 7 }]);
    // Nothing was written to the closed dataset, which a sweep may have deleted.
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

it("changes nothing if its fixture can't be written", async () => {
  const client = await newPartner();
  await env.DB.prepare("UPDATE environments SET fixture = 'documentation' WHERE id = ?")
    .bind(client.environmentId)
    .run();
  await client.createOrder({ id: "order-1" });
  const log = vi.spyOn(console, "error").mockReturnValue(undefined);
  await env.DB.prepare("ALTER TABLE order_event_lines RENAME TO set_aside").run();
  const failed = await client.post("/sandbox/reset");
  await env.DB.prepare("ALTER TABLE set_aside RENAME TO order_event_lines").run();
  log.mockRestore();
  expect(failed.status).toBeGreaterThanOrEqual(500);
  expect((await client.get("/v2/orders")).body.data).toMatchObject([{ id: "order-1" }]);
  await reset(client);
  expect((await client.get("/v2/orders")).body.data).toMatchObject([{ id: FIXTURE_ORDER }]);
});

it("succeeds for each of many concurrent requests", async () => {
  const client = await newPartner();
  await client.createOrder({ id: "order-1" });
  await Promise.all(Array.from({ length: 40 }, () => reset(client)));
  expect((await client.get("/v2/orders")).body.total).toBe(0);
  await client.createOrder({ id: "order-1" });
});

const CLIENTS = 8;
const RESETS = 50;

it(`is atomic ${RESETS} times while ${CLIENTS} clients write and read, with warm ledgers`, async () => {
  const client = await newPartner();
  await env.DB.prepare("UPDATE environments SET fixture = 'documentation' WHERE id = ?")
    .bind(client.environmentId)
    .run();
  await reset(client);
  const faults: string[] = [];
  // Each write contains a mark. A reset must delete the marks of all writes that ended before it was called.
  const ended = new Set<string>();
  let gone = new Set<string>();
  let sent = 0;
  const end = new AbortController();

  async function attempt(send: (mark: string) => Promise<ApiResponse>): Promise<ApiResponse> {
    const goneBefore = gone;
    const mark = `mark-${(sent += 1)}`;
    const response = await send(mark);
    ended.add(mark);
    if (response.status >= 500) faults.push(`${response.status} ${response.text}`);
    for (const [visible] of response.text.matchAll(/mark-\d+/g)) {
      if (goneBefore.has(visible)) faults.push(`${visible} outlived a reset: ${response.text}`);
    }
    return response;
  }

  async function work(worker: number): Promise<void> {
    const id = `order-${worker % 4}`;
    for (let turn = 0; !end.signal.aborted; turn += 1) {
      if (turn % 2 === 0) forgetResets(client);
      await attempt((mark) => client.post("/v2/orders", orderBody({ id, partner_order_id: mark })));
      await attempt((mark) => client.capture(id, 10, { network_transaction_id: mark }));
      await attempt((mark) => client.refund(id, 3, { network_transaction_id: mark }));
      await attempt(() => client.get("/v2/orders"));
      await attempt(() => client.get(`/v2/order_events?order_id=${id}`));
      const fixture = await attempt(() => client.get(`/v2/order_events?order_id=${FIXTURE_ORDER}`));
      if (fixture.body.total !== 1) faults.push(`no fixture: ${fixture.text}`);
      // Gives the isolate's timers time to run.
      await scheduler.wait(1);
    }
  }

  const workers = Array.from({ length: CLIENTS }, (_, worker) => work(worker));
  try {
    for (let count = 0; count < RESETS; count += 1) {
      const endedBefore = new Set(ended);
      await reset(client);
      gone = endedBefore;
      // Without pauses, a request can lose all its attempts to resets, and timers can starve.
      for (let read = 0; read < 5; read += 1) await attempt(() => client.get("/v2/orders"));
    }
  } finally {
    end.abort();
  }
  await Promise.all(workers);
  expect(faults).toEqual([]);
  expect(ended.size).toBeGreaterThan(RESETS);
});
