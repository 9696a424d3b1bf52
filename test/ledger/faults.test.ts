import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  type ApiResponse,
} from "../support/client.ts";
import { failNextBatch, failNextCreation, type FailurePoint } from "../support/d1-failures.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

function expectUnavailable(response: ApiResponse) {
  expectStatus(response, 503);
  expect(response.body.error.type).toBe("SERVICE_UNAVAILABLE_ERROR");
  expect(response.headers.get("Retry-After")).toBe("1");
  expect(response.text).not.toContain("Network connection lost");
}

describe.each<FailurePoint>(["before the commit", "after the commit"])(
  "when D1 fails %s",
  (fault) => {
    const wasCommitted = fault === "after the commit";
    const replayed = wasCommitted ? "true" : null;

    it.each([
      ["an Idempotency-Key", {}, { "Idempotency-Key": "retry" }],
      ["an order_event_id", { order_event_id: "retry" }, {}],
      ["a partner_event_id", { partner_event_id: "retry" }, {}],
    ])("a retry of an event by %s returns the committed event", async (_, ids, headers) => {
      const client = await newPartner();
      const id = await client.createOrder();
      await client.capture(id, 100);
      const refund = eventBody({ order_id: id, type: "REFUNDED", amount: 100, ...ids });
      await failNextBatch(client.environmentId, id, fault);
      expectUnavailable(await client.post("/v2/order_events", refund, headers));
      for (const expected of [replayed, "true"]) {
        const retry = expectStatus(await client.post("/v2/order_events", refund, headers), 200);
        expect(retry.headers.get("Idempotent-Replayed")).toBe(expected);
      }
      expect((await client.get("/v2/order_events")).body.total).toBe(2);
      const { details } = expectStatus(await client.refund(id, 1), 409).body.error;
      expect(details).toMatchObject({ captured: 100, refunded: 100 });
    });

    it("a retry of an order returns the committed order", async () => {
      const client = await newPartner();
      failNextCreation(fault);
      expectUnavailable(await client.post("/v2/orders", orderBody({ id: "retry" })));
      const retry = expectStatus(await client.post("/v2/orders", orderBody({ id: "retry" })), 200);
      expect(retry.headers.get("Idempotent-Replayed")).toBe(replayed);
      expect((await client.get("/v2/orders")).body.total).toBe(1);
    });

    it("a retry of a replacement or a deletion sees whether the first one committed", async () => {
      const client = await newPartner();
      const id = await client.createOrder();
      const body = orderBody({ merchant_name: "New" });
      await failNextBatch(client.environmentId, id, fault);
      expectUnavailable(await client.put(`/v2/orders/${id}`, body, { "If-Match": '"1"' }));
      const retry = await client.put(`/v2/orders/${id}`, body, { "If-Match": '"1"' });
      expectStatus(retry, wasCommitted ? 412 : 200);
      const { data } = (await client.get(`/v2/orders?id=${id}`)).body;
      expect(data[0].merchant_name).toBe("New");

      await failNextBatch(client.environmentId, id, fault);
      expectUnavailable(await client.delete(`/v2/orders/${id}`));
      expectStatus(await client.delete(`/v2/orders/${id}`), wasCommitted ? 404 : 204);
      expect((await client.get("/v2/orders")).body.total).toBe(0);
    });

    it("the ledger discards its cached state", async () => {
      const client = await newPartner();
      const id = await client.createOrder();
      await client.capture(id, 100);
      await failNextBatch(client.environmentId, id, fault);
      expectUnavailable(await client.refund(id, 60));
      expectStatus(await client.refund(id, 50), wasCommitted ? 409 : 200);
    });
  },
);
