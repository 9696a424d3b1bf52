import { describe, expect, it } from "vitest";
import {
  findRequestMatchProblem,
  matchesPath,
  type FaultMatch,
} from "../../src/domain/fault-match.ts";
import { chooseFault, chooseNotificationFault } from "../../src/domain/fault-choice.ts";
import { FAULT_NAMES, isRejecting } from "../../src/domain/faults.ts";
import type { NotificationSubject } from "../../src/domain/notifications.ts";
import { faultInput } from "../../src/schemas/faults.ts";
import { idsOf } from "../../src/domain/request-subject.ts";

describe("a path pattern", () => {
  it.each([
    ["/v2/orders", "/v2/orders"],
    ["/v2/orders/:order_id", "/v2/orders/order-1"],
    ["/v2/orders/order-1", "/v2/orders/order%2D1"],
    ["/v2/orders/a/b", "/v2/orders/a/b"],
    ["/v2/:kind/:id", "/v2/order_events/e-1"],
    ["/v2/*", "/v2/orders/order-1"],
    ["/v2/orders*", "/v2/orders"],
    ["/v2/orders/*", "/v2/orders/a/b"],
    ["/v2/order*", "/v2/order_events"],
    ["/v2*", "/v2/orders"],
    ["/v2/:kind/ord*", "/v2/orders/order-1"],
    ["/v2/orders/a.c", "/v2/orders/a.c"],
  ])("%s matches %s", (pattern, path) => expect(matchesPath(pattern, path)).toBe(true));

  it.each([
    ["/v2/orders", "/v2/orders/order-1"],
    ["/v2/orders", "/v2/orders/"],
    ["/v2/orders/:order_id", "/v2/orders/"],
    ["/v2/orders/:order_id", "/v2/orders"],
    ["/v2/orders/:order_id", "/v2/orders/a/b"],
    ["/v2/orders/a/b", "/v2/orders/a%2Fb"],
    ["/v2/orders/*", "/v2/orders"],
    ["/v2/orders/a.c", "/v2/orders/abc"],
    ["/v2/orders/order-1", "/v2/orders/%E0%A4%A"],
  ])("%s does not match %s", (pattern, path) => expect(matchesPath(pattern, path)).toBe(false));
});

describe("a match", () => {
  it.each<FaultMatch>([
    {},
    { path: "/v2/*" },
    { path: "/v2*", type: "CAPTURED" },
    { path: "/v2/orders/:id", method: "PUT" },
    { path: "/v2/orders/order-1", method: "DELETE", order_id: "order-1" },
    { path: "/v2/orders/ord*" },
    { path: "/v2/:kind/:id", order_event_id: "e" },
    { path: "/v2/order*", method: "HEAD", partner_event_id: "pe" },
    { method: "POST", partner_order_id: "po" },
    { path: "/v2/keys" },
  ])("%o can apply", (match) => expect(findRequestMatchProblem(match)).toBeUndefined());

  it.each<[FaultMatch, field: string, expected: string]>([
    [
      { path: "/v2/order_event" },
      "path",
      "the path of an operation (did you mean /v2/order_events?)",
    ],
    [{ path: "/v2/ordres" }, "path", "the path of an operation (did you mean /v2/orders?)"],
    [{ path: "/v2/payments" }, "path", "the path of an operation: /v2/orders or"],
    [{ path: "/v2/orders/a/b" }, "path", "the path of an operation"],
    [{ path: "/v2/orders/" }, "path", "the path of an operation"],
    [{ path: "/v2/o/*" }, "path", "the path of an operation"],
    [{ method: "PATCH" }, "method", "GET or POST or PUT or DELETE, the methods of /v2"],
    [{ path: "/v2/keys", method: "GET" }, "method", "POST or DELETE, the methods of /v2/keys"],
    [
      { path: "/v2/keys", order_id: "o" },
      "order_id",
      "no order_id, since no request to /v2/keys has one",
    ],
    [{ method: "GET", type: "CAPTURED" }, "type", "no type, since no GET has one"],
    [
      { partner_order_id: "po", partner_event_id: "pe" },
      "partner_event_id",
      "no partner_event_id, since no request with partner_order_id has one",
    ],
  ])("%o can't apply", (match, field, expected) => {
    const problem = findRequestMatchProblem(match);
    expect(problem).toMatchObject({ field, expected: expect.stringContaining(expected) });
  });
});

describe("the IDs of a request", () => {
  it("come from its path, else its body, else its query", () => {
    const other = { id: "b", order_id: "b", order_event_id: "b", partner_event_id: "pe" };
    expect(idsOf("/v2/orders/a%20b", other, { id: "c" })).toEqual({
      order_id: "a b",
      partner_event_id: "pe",
    });
    expect(idsOf("/v2/orders", { id: "b", partner_order_id: "po" }, { id: "c" })).toEqual({
      order_id: "b",
      partner_order_id: "po",
    });
    expect(idsOf("/v2/orders", {}, { id: "c", partner_order_id: "po" })).toEqual({
      order_id: "c",
      partner_order_id: "po",
    });
    expect(idsOf("/v2/order_events", other, {})).toEqual({
      order_id: "b",
      order_event_id: "b",
      partner_event_id: "pe",
    });
    expect(idsOf("/v2/order_events/e", {}, {})).toEqual({ order_event_id: "e" });
  });

  it("are strings; other values are ignored", () => {
    expect(idsOf("/v2/orders", { id: 7, partner_order_id: ["po"] }, {})).toEqual({});
  });
});

const fault = (name: string, match = {}, skip_remaining = 0) => ({ name, match, skip_remaining });

describe("with several faults", () => {
  const capture = { method: "POST", path: "/v2/order_events", order_id: "o", order_event_id: "e" };
  const chosen = (...faults: ReturnType<typeof fault>[]) => {
    const { applied, skipped } = chooseFault(faults, capture);
    return [applied?.name, ...skipped.map(({ name }) => name)];
  };

  it("only the oldest matching fault applies", () => {
    expect(chosen(fault("other", { order_id: "p" }), fault("a"), fault("b"))).toEqual(["a"]);
    expect(chosen(fault("a", { ...capture }), fault("b", {}, 1))).toEqual(["a"]);
  });

  it("returns the older faults that skip the request, but none after the applied one", () => {
    expect(chosen(fault("a", {}, 1), fault("b", {}, 2), fault("c"), fault("d", {}, 1))).toEqual([
      "c",
      "a",
      "b",
    ]);
    expect(chosen(fault("a", {}, 1), fault("b", { method: "GET" }))).toEqual([undefined, "a"]);
  });

  it("requires every field of a match", () => {
    const match = { method: "POST", path: "/v2/:any", order_id: "o", partner_event_id: "pe" };
    expect(chosen(fault("a", match))).toEqual([undefined]);
  });
});

it("only error, unavailable and rate_limited reject the request", () => {
  expect(FAULT_NAMES.filter(isRejecting)).toEqual(["error", "unavailable", "rate_limited"]);
});

describe("the fault of a notification", () => {
  const captured: NotificationSubject = {
    object: "TRANSACTION",
    status: "CAPTURED",
    transaction_id: "t-1",
    network_transaction_id: null,
  };

  it.each([
    [{}, true],
    [{ object: "TRANSACTION" as const, status: "CAPTURED", transaction_id: "t-1" }, true],
    [{ object: "REWARD" as const }, false],
    [{ status: "REFUNDED" }, false],
    [{ transaction_id: "t-2" }, false],
    [{ network_transaction_id: "nt-1" }, false],
  ])("with the match %o applies: %s", (match, applies) => {
    const { applied } = chooseNotificationFault([fault("a", match)], captured);
    expect(applied !== undefined).toBe(applies);
  });

  it.each([
    [{ fault: "lost_notification" }, undefined],
    [{ fault: "lost_notification", match: { status: "CAPTURED" } }, undefined],
    [{ fault: "late_notification", delay_ms: 10 }, undefined],
    [{ fault: "late_notification" }, "delay_ms"],
    [{ fault: "lost_notification", delay_ms: 10 }, "delay_ms"],
    [{ fault: "lost_notification", match: { order_id: "o" } }, "match.order_id"],
    [{ fault: "lost_response", match: { object: "TRANSACTION" } }, "match.object"],
    [{ fault: "lost_response", match: { path: "/v2/nothing" } }, "match.path"],
  ])("%o is invalid in %s", (input, field) => {
    const { error } = faultInput.safeParse(input);
    expect(error?.issues[0]?.path.join(".")).toBe(field);
  });
});
