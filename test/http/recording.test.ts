import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { app } from "../../src/app.ts";
import {
  MAX_RECORDED_HEADER_BYTES,
  MAX_RECORDED_TEXT_BYTES,
  type NewRequest,
} from "../../src/domain/requests.ts";
import { recordInBatch } from "../../src/http/recording/batches.ts";
import { newPartner, orderBody, type Client } from "../support/client.ts";
import { datasetOf, listed, newestRequest, newRequest } from "../support/recorded-requests.ts";

let partner: Client;
beforeEach(async () => {
  partner = await newPartner();
});

describe("recording", () => {
  it("neither delays nor fails a request, and logs no body", async () => {
    const logged = [vi.spyOn(console, "log"), vi.spyOn(console, "error")];
    const failures = [
      () => Promise.reject(new Error("not reached")),
      () => new Promise<never>(() => undefined),
    ];
    for (const record of failures) {
      const context = createExecutionContext();
      const WORKBENCH = { getByName: () => ({ record }) } as unknown as typeof env.WORKBENCH;
      const request = new Request("https://sandbox.test/v2/orders", {
        method: "POST",
        headers: { Authorization: `Bearer ${partner.key}`, "Content-Type": "application/json" },
        body: JSON.stringify(orderBody({ merchant_name: "secret-name" })),
      });
      const response = await app.fetch(request, { ...env, WORKBENCH }, context);
      expect(response.status).toBe(200);
      if (record === failures[0]) await waitOnExecutionContext(context);
    }
    const lines = JSON.stringify(logged.map((each) => each.mock.calls));
    expect(lines).toContain("requests not recorded");
    expect(lines).not.toContain("secret-name");
  });

  it("sends the requests of a batch in one call", async () => {
    await Promise.all(Array.from({ length: 50 }, () => partner.get("/v2/orders")));
    await listed(partner, 50);
    const sequences = (await listed(partner, 50)).map(({ id }: { id: string }) => Number(id));
    // The IDs of one call's requests are consecutive.
    const calls = sequences.filter((id: number, index: number) => sequences[index + 1] !== id - 1);
    expect(calls.length).toBeLessThan(10);
  });

  it("records requests with long headers and URLs, and truncates them", async () => {
    const headers = { "X-Long": "x".repeat(400_000) };
    const path = `/v2/orders?id=${"x".repeat(20_000)}`;
    // Without truncation, they would exceed the size of one call to a Durable Object.
    const sent = Array.from({ length: 90 }, () => partner.send("GET", path, undefined, headers));
    await Promise.all(sent);
    await listed(partner, 90);
    const { request, url, curl } = await newestRequest(partner);
    expect(request.cut).toBe(true);
    expect(JSON.stringify(request.headers).length).toBeLessThan(MAX_RECORDED_HEADER_BYTES + 500);
    expect(url.length).toBeLessThan(10_000);
    expect(curl).toBeUndefined();
  });

  it("truncates every text that a list shows", async () => {
    const long = "x".repeat(15_000);
    await partner.post(`/v2/${long}`, { order_id: "o" });
    await partner.send("POST", "/v2/orders", "{}", { "Content-Type": long });
    const requests = await listed(partner, 2);
    expect(requests.map(({ status }: { status: number }) => status)).toEqual([415, 404]);
    for (const each of requests) expect(JSON.stringify(each).length).toBeLessThan(2_000);
    expect(requests[1].path).toHaveLength(MAX_RECORDED_TEXT_BYTES);
  });

  it("stores no part of a key that a message repeats", async () => {
    const key = `test_${"k".repeat(75)}`;
    await partner.get(`/v2/${"x".repeat(30)}/${key}`);
    const [{ error }] = await listed(partner, 1);
    expect(error.message).toContain("test_***");
    expect(error.message).not.toContain("kkk");
  });
});

/** The Worker's bindings with a workbench that records through this function. */
const withWorkbench = (record: (dataset: unknown, requests: NewRequest[]) => Promise<void>) =>
  ({ ...env, WORKBENCH: { getByName: () => ({ record }) } }) as unknown as typeof env;

/** Bindings with a workbench that collects the IDs of each call's requests. */
const collecting = (sent: string[][]) =>
  withWorkbench(async (_, requests) => {
    sent.push(requests.map(({ request_id }) => request_id));
  });

const LARGE = "x".repeat(5_000_000);

describe("a batch", () => {
  it("is sent by its first request, and the others don't wait", async () => {
    const sent: string[][] = [];
    const bindings = collecting(sent);
    const waits = vi.spyOn(scheduler, "wait");
    onTestFinished(() => void vi.restoreAllMocks());
    const ids = Array.from({ length: 20 }, (_, index) => `request-${index}`);
    await Promise.all(
      ids.map((request_id) =>
        recordInBatch(bindings, datasetOf(partner), newRequest({ request_id })),
      ),
    );
    expect(sent).toEqual([ids]);
    expect(waits).toHaveBeenCalledTimes(1);
  });

  it("is sent by the next request if the invocation of the first one ended", async () => {
    const sent: string[][] = [];
    const bindings = collecting(sent);
    vi.spyOn(scheduler, "wait").mockReturnValueOnce(new Promise(() => undefined));
    onTestFinished(() => void vi.useRealTimers());
    onTestFinished(() => void vi.restoreAllMocks());
    void recordInBatch(bindings, datasetOf(partner), newRequest({ request_id: "first" }));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 201 });
    await recordInBatch(bindings, datasetOf(partner), newRequest({ request_id: "second" }));
    expect(sent).toEqual([["first", "second"]]);
  });

  it.each<[string, Partial<NewRequest>]>([
    ["details", { details: LARGE }],
    ["paths", { path: LARGE }],
    ["errors", { error: { type: "CONFLICT_ERROR", message: LARGE } }],
    ["warnings", { warnings: [{ code: "unknown_field", param: LARGE }] }],
  ])(
    "holds a bounded number of bytes of %s, and drops those of ended invocations",
    async (_, fields) => {
      const logged = vi.spyOn(console, "log").mockReturnValue(undefined);
      onTestFinished(() => void vi.useRealTimers());
      onTestFinished(() => void vi.restoreAllMocks());
      const isStuck = withWorkbench(() => new Promise(() => undefined));
      const large = newRequest(fields);
      for (let count = 0; count < 6; count += 1) {
        void recordInBatch(isStuck, datasetOf(partner), large);
      }
      const record = vi.fn(() => Promise.resolve());
      await recordInBatch(withWorkbench(record), datasetOf(partner), large);
      expect(record).not.toHaveBeenCalled();
      expect(JSON.stringify(logged.mock.calls)).toContain("too many are waiting");
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
      await recordInBatch(withWorkbench(record), datasetOf(partner), large);
      expect(record).toHaveBeenCalledTimes(1);
    },
  );
});
