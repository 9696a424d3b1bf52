import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import {
  readResponse,
  costOf,
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  type ApiResponse,
  type Client,
} from "../support/client.ts";

const PATH = "/sandbox/faults";
const add = async (partner: Client, input: object): Promise<{ id: string }> =>
  expectStatus(await partner.post(PATH, input), 200).body;

async function hasFaults({ environmentId }: Client): Promise<boolean> {
  const select = env.DB.prepare("SELECT has_faults FROM environments WHERE id = ?");
  return (await select.bind(environmentId).first("has_faults")) === 1;
}

type Send = (partner: Client, method: string, path: string, body?: object) => Promise<ApiResponse>;

/** Another isolate: a Worker with its own memory, on the same database and Durable Objects. */
async function anotherIsolate(): Promise<Send> {
  vi.resetModules();
  const { app } = await import("../../src/app.ts");
  return async (partner, method, path, body) => {
    const request = new Request(`https://sandbox.test${path}`, {
      method,
      headers: { Authorization: `Bearer ${partner.key}`, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const response = await app.fetch(request, env, createExecutionContext());
    return readResponse(method, request.url, response);
  };
}

describe("every isolate", () => {
  it("applies a fault to reads and writes as soon as its addition returns", async () => {
    const isolates: Send[] = [];
    for (let count = 0; count < 4; count += 1) isolates.push(await anotherIsolate());
    const partner = await newPartner();
    const id = await partner.createOrder();
    const requests: [method: string, path: string, body?: object][] = [
      ["GET", "/v2/orders"],
      ["GET", "/v2/order_events"],
      ["POST", "/v2/orders", orderBody()],
      ["PUT", `/v2/orders/${id}`, orderBody()],
      [
        "POST",
        "/v2/order_events",
        { order_id: id, type: "CAPTURED", amount: 1, network_transaction_id: "n" },
      ],
      ["DELETE", "/v2/order_events/unknown"],
      ["DELETE", "/v2/orders/unknown"],
    ];
    for (const [method, path, body] of requests) {
      for (const send of isolates) {
        // Now the isolate has cached the key without faults.
        expectStatus(await send(partner, "GET", "/v2/orders"), 200);
      }
      const { total } = (await partner.get("/v2/orders")).body;
      await add(partner, { fault: "unavailable", times: isolates.length, match: { method } });
      for (const send of isolates) {
        const response = expectStatus(await send(partner, method, path, body), 503);
        expect(response.headers.get("Sandbox-Fault-Applied")).toMatch(/^unavailable;id=/);
      }
      expect((await partner.get("/v2/orders")).body.total).toBe(total);
    }
    expect((await partner.get(PATH)).body.total).toBe(0);
  });

  it("applies a fault exactly as many times as requested", async () => {
    const isolates: Send[] = [];
    for (let count = 0; count < 4; count += 1) isolates.push(await anotherIsolate());
    const partner = await newPartner();
    for (const send of isolates) expectStatus(await send(partner, "GET", "/v2/orders"), 200);
    await add(partner, { fault: "unavailable", times: 7, skip: 3 });
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, index) => isolates[index % 4]!(partner, "GET", "/v2/orders")),
    );
    expect(responses.filter(({ status }) => status === 503)).toHaveLength(7);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(193);
  });

  it("alters the response by a fault that it learns of only through D1", async () => {
    const send = await anotherIsolate();
    const partner = await newPartner();
    expectStatus(await send(partner, "GET", "/v2/orders"), 200);
    await add(partner, { fault: "error_after_commit" });
    const altered = await send(partner, "POST", "/v2/orders", orderBody());
    expect(altered.headers.get("Sandbox-Fault-Applied")).toMatch(/^error_after_commit;id=/);
    expectStatus(altered, 500);
    expect((await partner.get("/v2/orders")).body.total).toBe(1);
  });

  it("calls no workbench once no faults are left", async () => {
    const send = await anotherIsolate();
    const partner = await newPartner();
    await add(partner, { fault: "unavailable" });
    expectStatus(await send(partner, "GET", "/v2/orders"), 503);
    const getWorkbench = vi.spyOn(env.WORKBENCH, "getByName");
    for (const from of [
      send,
      (each: Client, method: string, path: string) => each.send(method, path),
    ]) {
      const calls = async () => {
        getWorkbench.mockClear();
        const { queries } = costOf(expectStatus(await from(partner, "GET", "/v2/orders"), 200));
        return { queries, workbench: getWorkbench.mock.calls.length };
      };
      // The recorder calls it too, 200 ms after a request: on a busy machine, during the next one.
      await expect.poll(calls).toEqual({ queries: 1, workbench: 0 });
    }
    getWorkbench.mockRestore();
  });
});

describe("has_faults in D1", () => {
  it("is true from the first fault to the last, however they are removed", async () => {
    const partner = await newPartner();
    expect(await hasFaults(partner)).toBe(false);
    const one = await add(partner, { fault: "error" });
    const other = await add(partner, { fault: "error" });
    expect(await hasFaults(partner)).toBe(true);
    await partner.delete(`${PATH}/${one.id}`);
    expect(await hasFaults(partner)).toBe(true);
    await partner.delete(`${PATH}/${other.id}`);
    await expect.poll(() => hasFaults(partner)).toBe(false);
    await add(partner, { fault: "error" });
    expectStatus(await partner.get("/v2/orders"), 500);
    expect(await hasFaults(partner)).toBe(false);
    await add(partner, { fault: "error" });
    await partner.delete(PATH);
    await expect.poll(() => hasFaults(partner)).toBe(false);
  });

  it("is correct after concurrent additions and removals with a slow D1", async () => {
    const partner = await newPartner();
    await slowDatabase(partner, () => Math.random() * 20);
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([
        ...Array.from({ length: 5 }, async () => {
          await add(partner, { fault: "unavailable" });
          // Unless the fault has already applied, its addition returned only after D1 was updated.
          const { total } = (await partner.get(PATH)).body;
          if (total > 0) expect(await hasFaults(partner)).toBe(true);
        }),
        ...Array.from({ length: 5 }, () => partner.get("/v2/orders")),
        partner.delete(PATH),
      ]);
      const { total } = (await partner.get(PATH)).body;
      await expect.poll(() => hasFaults(partner)).toBe(total > 0);
    }
  });

  it("is true when the addition returns, even while an update to false is still running", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "error" });
    let isUpdating = false;
    await slowDatabase(partner, ([hasFault]) => {
      isUpdating ||= hasFault === 0;
      return hasFault === 0 ? 300 : 0;
    });
    const last = partner.get("/v2/orders");
    await expect.poll(() => isUpdating).toBe(true);
    await add(partner, { fault: "error" });
    expect(await hasFaults(partner)).toBe(true);
    expectStatus(await last, 500);
    expect(await hasFaults(partner)).toBe(true);
  });

  it("must be confirmed: without D1's confirmation, a fault is not stored", async () => {
    vi.spyOn(console, "error").mockReturnValue(undefined);
    const partner = await newPartner();
    const stub = env.WORKBENCH.getByName(String(partner.environmentId));
    await runInDurableObject(stub, (instance) => {
      const statement = { bind: () => statement, all: fail };
      (instance as unknown as { env: object }).env = { DB: { prepare: () => statement } };
    });
    const refused = await partner.post(PATH, { fault: "error" });
    expect(refusalOf(refused)).toMatchObject({ status: 503, type: "SERVICE_UNAVAILABLE_ERROR" });
    await runInDurableObject(stub, (instance) => {
      (instance as unknown as { env: object }).env = env;
    });
    expect((await partner.get(PATH)).body.total).toBe(0);
    expectStatus(await partner.get("/v2/orders"), 200);
    vi.restoreAllMocks();
  });
});

it("a late fault does not recreate the workbench of a deleted environment", async () => {
  const partner = await newPartner();
  const stub = env.WORKBENCH.getByName(String(partner.environmentId));
  const dataset = { environment_id: partner.environmentId, dataset_id: 1 };
  await env.DB.prepare("UPDATE environments SET dataset_id = NULL WHERE id = ?")
    .bind(partner.environmentId)
    .run();
  const fault = {
    id: "f",
    fault: "error" as const,
    times: 1,
    remaining: 1,
    skip: 0,
    delay_ms: 0,
    match: {},
    created_at: "2026-01-01T00:00:00Z",
  };
  expect(await stub.addFault(dataset, fault)).toEqual({ result: "superseded" });
  const left = await runInDurableObject(stub, (_, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'faults'").toArray(),
  );
  expect(left).toEqual([]);
});

const fail = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));

/** Delays the responses of D1 to the workbench. */
async function slowDatabase(
  { environmentId }: Client,
  milliseconds: (params: unknown[]) => number,
): Promise<void> {
  const stub = env.WORKBENCH.getByName(String(environmentId));
  const prepare = (text: string) => ({
    bind: (...params: unknown[]) => ({
      all: async () => {
        await new Promise((resolve) => setTimeout(resolve, milliseconds(params)));
        return env.DB.prepare(text)
          .bind(...params)
          .all();
      },
    }),
  });
  await runInDurableObject(stub, (instance) => {
    (instance as unknown as { env: object }).env = { DB: { prepare } };
  });
}
