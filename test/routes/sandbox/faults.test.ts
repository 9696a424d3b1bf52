import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { MAX_FAULTS } from "../../../src/domain/faults.ts";
import { expectStatus, newPartner, refusalOf, type Client } from "../../support/client.ts";

const PATH = "/sandbox/faults";
const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

const add = async (partner: Client, input: object) =>
  expectStatus(await partner.post(PATH, input), 200).body;

describe("POST /sandbox/faults", () => {
  it("returns the fault with its defaults", async () => {
    const partner = await newPartner();
    expect(await add(partner, { fault: "error" })).toEqual({
      id: expect.stringMatching(/^[\w-]{36}$/),
      fault: "error",
      times: 1,
      remaining: 1,
      skip: 0,
      delay_ms: 0,
      status: 500,
      match: {},
      created_at: timestamp,
    });
    const match = {
      method: "POST",
      path: "/v2/order_events",
      order_id: "o",
      type: "REFUNDED",
      order_event_id: "e",
      partner_event_id: "pe",
    };
    const input = { fault: "delay", times: 1_000, skip: 5, delay_ms: 60_000, match };
    expect(await add(partner, input)).toMatchObject({ ...input, remaining: 1_000 });
  });

  it.each<[field: string, input: object]>([
    ["fault", {}],
    ["fault", { fault: "explode" }],
    ["times", { fault: "error", times: 0 }],
    ["times", { fault: "error", times: 1_001 }],
    ["skip", { fault: "error", skip: -1 }],
    ["skip", { fault: "error", skip: 0.5 }],
    ["delay_ms", { fault: "delay", delay_ms: 60_001 }],
    ["delay_ms", { fault: "error", delay_ms: 1 }],
    ["delay_ms", { fault: "delay" }],
    ["delay_ms", { fault: "slow_body" }],
    ["status", { fault: "error", status: 404 }],
    ["status", { fault: "unavailable", status: 500 }],
    ["retry_after", { fault: "rate_limited", retry_after: 86_401 }],
    ["retry_after", { fault: "error", retry_after: 1 }],
    ["skip", { fault: "error", skip: 1_001 }],
    ["match.method", { fault: "error", match: { method: "PATCH" } }],
    ["match.method", { fault: "error", match: { path: "/v2/orders", method: "DELETE" } }],
    ["match.path", { fault: "error", match: { path: "/v2/order_event" } }],
    ["match.path", { fault: "error", match: { path: "/v2/orders/" } }],
    ["match.path", { fault: "error", match: { path: "/v2/orders/o/lines" } }],
    [
      "match.order_event_id",
      { fault: "error", match: { path: "/v2/orders", order_event_id: "e" } },
    ],
    ["match.type", { fault: "error", match: { method: "GET", type: "CAPTURED" } }],
    ["match.type", { fault: "error", match: { type: "VOIDED" } }],
    ["match.method", { fault: "error", match: { method: "post" } }],
    ["match.path", { fault: "error", match: { path: "/sandbox/keys" } }],
    ["match.path", { fault: "error", match: { path: "/v2/*/lines" } }],
    ["match.order_id", { fault: "error", match: { order_id: "" } }],
  ])("rejects %s in %o", async (field, input) => {
    const partner = await newPartner();
    expect(refusalOf(await partner.post(PATH, input))).toMatchObject({ status: 400, param: field });
    expect((await partner.get(PATH)).body.total).toBe(0);
  });

  it("suggests the path that was probably intended", async () => {
    const partner = await newPartner();
    const misspelt = await partner.post(PATH, {
      fault: "error",
      match: { path: "/v2/order_event" },
    });
    expect(misspelt.body.error.message).toBe(
      'match.path: Expected the path of an operation (did you mean /v2/order_events?), but received "/v2/order_event"',
    );
  });

  it("rejects an unknown field, which would make the fault apply to more requests than intended", async () => {
    const partner = await newPartner();
    const misspelt = await partner.post(PATH, { fault: "error", match: { orderid: "o" } });
    expect(misspelt.body.error).toMatchObject({
      param: "match.orderid",
      message: expect.stringContaining("order_id"),
    });
    expectStatus(await partner.post(PATH, { fault: "error", time: 3 }), 400);
  });

  it(`accepts ${MAX_FAULTS}, and no more until one is removed`, async () => {
    const partner = await newPartner();
    const first = await add(partner, { fault: "error" });
    await Promise.all(
      Array.from({ length: MAX_FAULTS - 1 }, () => add(partner, { fault: "error" })),
    );
    const refused = await partner.post(PATH, { fault: "error" });
    expect(refusalOf(refused)).toMatchObject({
      status: 409,
      type: "CONFLICT_ERROR",
      details: { limit: MAX_FAULTS },
    });
    expectStatus(await partner.delete(`${PATH}/${first.id}`), 204);
    await add(partner, { fault: "error" });
  });
});

describe("GET /sandbox/faults", () => {
  it("lists the faults with times left, newest first, page by page, and none of another environment", async () => {
    const [partner, other] = [await newPartner(), await newPartner()];
    expect((await partner.get(PATH)).body).toEqual({ data: [], has_more: false, total: 0 });
    await add(other, { fault: "error" });
    const added = [];
    for (const fault of ["error", "unavailable", "cut_response"])
      added.unshift(await add(partner, { fault }));
    expect((await partner.get(PATH)).body).toEqual({ data: added, has_more: false, total: 3 });
    const first = await partner.get(`${PATH}?limit=2`);
    expect(first.body).toEqual({ data: added.slice(0, 2), has_more: true, total: 3 });
    const next = await partner.get(`${PATH}?limit=2&starting_after=${added[1].id}`);
    expect(next.body).toEqual({ data: added.slice(2), has_more: false, total: 3 });
    const unknown = await partner.get(`${PATH}?starting_after=f`);
    expect(refusalOf(unknown)).toMatchObject({ status: 400, param: "starting_after" });
  });

  it("shows how many times each fault has left", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "error", times: 2, skip: 1 });
    const remaining = async () => (await partner.get(PATH)).body.data[0]?.remaining;
    for (const [status, left] of [
      [200, 2],
      [500, 1],
      [500, undefined],
      [200, undefined],
    ] as const) {
      expectStatus(await partner.get("/v2/orders"), status);
      expect(await remaining()).toBe(left);
    }
  });
});

describe("DELETE /sandbox/faults", () => {
  it("removes one or all: they apply to no request after the response", async () => {
    const partner = await newPartner();
    const [one] = [
      await add(partner, { fault: "error" }),
      await add(partner, { fault: "delay", delay_ms: 1 }),
    ];
    expectStatus(await partner.delete(`${PATH}/${one.id}`), 204);
    expectStatus(await partner.get("/v2/orders"), 200);
    const unknown = await partner.delete(`${PATH}/${one.id}`);
    expect(refusalOf(unknown)).toEqual({
      status: 404,
      type: "FAULT_NOT_FOUND_ERROR",
      param: "fault_id",
    });
    await add(partner, { fault: "error" });
    await add(partner, { fault: "error", times: 10 });
    expectStatus(await partner.delete(PATH), 204);
    expectStatus(await partner.get("/v2/orders"), 200);
    expect((await partner.get(PATH)).body.total).toBe(0);
    expectStatus(await partner.delete(PATH), 204);
  });

  it("removes no faults of another environment", async () => {
    const [partner, other] = [await newPartner(), await newPartner()];
    const theirs = await add(other, { fault: "error" });
    expectStatus(await partner.delete(`${PATH}/${theirs.id}`), 404);
    expectStatus(await partner.delete(PATH), 204);
    expectStatus(await other.get("/v2/orders"), 500);
  });
});

describe("the faults of an environment", () => {
  it("do not apply under /sandbox, so that they can always be removed", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "error", times: 100 });
    expectStatus(await partner.get("/sandbox/keys"), 200);
    const lost = { "Sandbox-Fault": "lost_response" };
    expectStatus(await partner.delete(PATH, lost), 204);
    expectStatus(await partner.get("/v2/orders"), 200);
  });

  it("belong to a dataset: requests in an earlier dataset find and change none", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "error" });
    const workbench = env.WORKBENCH.getByName(String(partner.environmentId));
    const { data } = (await partner.get(PATH)).body;
    // A reset that this isolate does not know of.
    await workbench.reset(1_000_000);
    for (const late of [
      await partner.post(PATH, { fault: "error" }),
      await partner.get(PATH),
      await partner.delete(`${PATH}/${data[0].id}`),
      await partner.delete(PATH),
    ]) {
      expect(refusalOf(late)).toMatchObject({ status: 503 });
    }
    const dataset = { environment_id: partner.environmentId, dataset_id: 1_000_000 };
    const { result } = await workbench.listFaults(dataset, { limit: 10 });
    expect(result).toEqual({ data: [], has_more: false, total: 0 });
  });
});
