import { describe, expect, it } from "vitest";
import type { Assumptions } from "../../../src/domain/assumptions.ts";
import { CHECKS } from "../../../src/domain/readiness/checks.ts";
import { evaluate, reportOf } from "../../../src/domain/readiness/report.ts";
import { storedVerdictsOf, sumUp } from "../../../src/domain/readiness/stored-verdicts.ts";
import {
  capture,
  conflict,
  factsOf,
  found,
  NO_CARD_FACTS,
  refund,
  replaced,
  replay,
  type StoryRequest,
} from "./requests.ts";

const OTHER: Assumptions = {
  duplicate_ids: "conflict",
  idempotency_key: "ignored",
  refund_beyond_captured: "accepted",
};

const verdictsOn = (requests: StoryRequest[], assume: Partial<Assumptions> = {}) =>
  evaluate(factsOf(requests, NO_CARD_FACTS, assume));
const stored = (id: number, at: string, requests: StoryRequest[], assume = {}) =>
  storedVerdictsOf(verdictsOn(requests, assume), { id, name: "", at })!;

const LOST = capture("e-1", 5_000, replaced("lost_response"));
const RETRIED = [LOST, capture("e-1", 5_000, replay), refund("e-9", 9_000, conflict("amount"))];
const RETRIED_INTO_CONFLICT = [
  LOST,
  capture("e-1", 5_000, conflict("order_event_id")),
  found("e-1", { order_event_id: "e-1" }),
  refund("e-2", 1_000),
];
const SINCE = "2026-01-15T09:00:00Z";
const LATER = "2026-01-15T10:00:00Z";

describe("if repeated IDs are rejected", () => {
  const lost = (requests: StoryRequest[], assume = {}) =>
    CHECKS.lost_response.evaluate(factsOf(requests, NO_CARD_FACTS, assume)).status;

  it("a read after the rejection confirms that the lost creation took effect", () => {
    expect(lost(RETRIED_INTO_CONFLICT, OTHER)).toBe("passed");
  });

  it("a rejection without a read confirms nothing", () => {
    const [first, rejected] = RETRIED_INTO_CONFLICT;
    expect(lost([first!, rejected!], OTHER)).toBe("failed");
    expect(lost([first!, rejected!, found("e-2", { order_event_id: "e-1" })], OTHER)).toBe(
      "failed",
    );
  });

  it("a repetition is not another creation", () => {
    const distinct = (requests: StoryRequest[]) =>
      CHECKS.distinct_creations.evaluate(factsOf(requests, NO_CARD_FACTS, OTHER)).status;
    const two = [capture("e-1"), capture("e-2")];
    expect(distinct([...two, capture("e-1", 5_000, conflict("order_event_id"))])).toBe("passed");
    expect(distinct([...two, capture("e-1", 1, conflict("order_event_id"))])).toBe("failed");
  });

  it("a client that relies only on an ignored Idempotency-Key fails", () => {
    const key = { trace: { idempotency_key: 7 } };
    const twice = [
      capture(undefined, 5_000, { ...replaced("lost_response"), ...key }),
      capture(undefined, 5_000, key),
    ];
    expect(lost(twice, OTHER)).toBe("failed");
  });
});

describe("both readings", () => {
  const both = (...all: ReturnType<typeof stored>[]) => sumUp(all, SINCE).both_readings;

  it("pass if each was proven in an environment", () => {
    const verdict = both(stored(1, LATER, RETRIED), stored(2, LATER, RETRIED_INTO_CONFLICT, OTHER));
    expect(verdict.status).toBe("passed");
    expect(new Set(verdict.evidence.map((each) => each.environment_id))).toEqual(new Set([1, 2]));
  });

  it("are not seen with environments of one kind", () => {
    expect(both(stored(1, LATER, RETRIED))).toMatchObject({
      status: "not_seen",
      reason: expect.stringContaining("duplicate_ids=conflict"),
    });
  });

  it("fail if a client refunds too much because the sandbox accepts it", () => {
    const tooMuch = refund("e-2", 9_000, { warning: "refunded_beyond_captured" });
    const other = stored(2, LATER, [...RETRIED_INTO_CONFLICT, tooMuch], OTHER);
    expect(both(stored(1, LATER, RETRIED), other)).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("refund_beyond_captured=accepted"),
    });
  });
});

it("a refund that the environment doesn't refuse is not seen, and the reason says why", () => {
  const facts = factsOf([capture("e-1")], NO_CARD_FACTS, OTHER);
  expect(CHECKS.refund_refused.evaluate(facts)).toMatchObject({
    status: "not_seen",
    reason: expect.stringContaining("accepts refunds above the captured amount"),
  });
});

describe("several environments", () => {
  it("fail if one of them failed", () => {
    const sum = sumUp([stored(1, LATER, RETRIED), stored(2, LATER, [LOST])], SINCE);
    expect(sum.lost_response).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/^Environment 2: /),
      evidence: [{ environment_id: 2 }],
    });
  });

  it("say how to start over after a failure", () => {
    const { lost_response, no_blind_retries } = sumUp(
      [stored(1, LATER, [LOST, refund("e-9", 9_000, conflict("amount"))])],
      SINCE,
    );
    expect(lost_response.reason).toMatch(
      / To leave out this failure, run the tests again, and request the report with /,
    );
    expect(no_blind_retries.reason).not.toContain("since");
  });

  it("leave out earlier verdicts", () => {
    const sum = sumUp(
      [stored(1, LATER, RETRIED), stored(2, "2026-01-15T08:59:59Z", [LOST])],
      SINCE,
    );
    expect(sum.lost_response.status).toBe("passed");
    expect(sum.cut_response.status).toBe("not_seen");
  });

  it("store no verdicts of an environment that proved nothing", () => {
    const nothing = storedVerdictsOf(verdictsOn([]), { id: 1, name: "", at: LATER });
    expect(nothing).toBeUndefined();
  });
});

it("a report is ready if all of its checks passed, and names the sandbox in its commands", () => {
  const verdicts = verdictsOn(RETRIED).checks;
  const { ready, checks } = reportOf(verdicts, "https://sandbox.test");
  expect(ready).toBe(false);
  expect(checks.map(({ id }) => id)).not.toContain("both_readings");
  for (const { how_to_prove } of checks) {
    expect(how_to_prove.curl).toMatch(/curl .*https:\/\/sandbox\.test/);
    expect(how_to_prove.curl).not.toContain("$SANDBOX_URL");
    expect(how_to_prove.library).toMatch(/^const \w+ = .*await /s);
  }
  const passing = Object.fromEntries(
    Object.keys(verdicts).map((id) => [
      id,
      { ...verdicts.lost_response, status: "passed" as const },
    ]),
  );
  expect(reportOf(passing, "").ready).toBe(true);
});
