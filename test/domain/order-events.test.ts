import * as fc from "fast-check";
import { DEFAULT_ASSUMPTIONS } from "../../src/domain/assumptions.ts";
import { describe, expect, it } from "vitest";
import { NO_TOTALS, type LedgerState } from "../../src/domain/ledger-state.ts";
import { MAX_MONEY } from "../../src/domain/money.ts";
import {
  appendOrderEvent,
  completeOrderEvent,
  deleteOrderEvent,
  repeatOrderEvent,
  type OrderEvent,
} from "../../src/domain/order-events.ts";

const EMPTY: LedgerState = {
  id: "order",
  version: 1,
  currency: "USD",
  payment_method_id: "pm-1",
  accepts_over_refunds: false,
  created_at: "2025-01-01T00:00:00Z",
  event_count: 0,
  total_order_amount: 10_000,
  total_rewards_amount: 0,
  content_bytes: 0,
  ...NO_TOTALS,
};

const event = (fields: Partial<OrderEvent>): OrderEvent => ({
  order_event_id: "event",
  order_id: "order",
  type: "CAPTURED",
  amount: 0,
  rewards_amount: 0,
  currency: "USD",
  network_transaction_id: "nt",
  partner_event_id: undefined,
  order_lines: undefined,
  ...fields,
});

// Small amounts, so that refunds often just fit or just don't, and the largest one for the limit.
const amount = fc.oneof(
  { weight: 9, arbitrary: fc.nat(20) },
  { weight: 1, arbitrary: fc.constantFrom(MAX_MONEY, MAX_MONEY - 1) },
);
const step = fc.record({
  append: fc.boolean(),
  which: fc.nat(),
  event: fc.record({
    type: fc.constantFrom("CAPTURED" as const, "REFUNDED" as const),
    amount,
    rewards_amount: amount,
  }),
});

/** The exact sum of events. */
function sum(events: OrderEvent[], type: string, measure: "amount" | "rewards_amount"): bigint {
  return events
    .filter((each) => each.type === type)
    .reduce((total, each) => total + BigInt(each[measure]), 0n);
}

function isAllowed(events: OrderEvent[]): boolean {
  return (["amount", "rewards_amount"] as const).every(
    (measure) =>
      sum(events, "REFUNDED", measure) <= sum(events, "CAPTURED", measure) &&
      sum(events, "CAPTURED", measure) <= BigInt(MAX_MONEY),
  );
}

describe("the refund rule", () => {
  it("accepts refunds up to the captured sum, rejects others, and keeps exact sums", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state = EMPTY;
        let events: OrderEvent[] = [];
        for (const { append, which, event: fields } of steps) {
          const changed = event(fields);
          const index = events.length > 0 ? which % events.length : 0;
          if (!append && events.length === 0) continue;
          const next = append ? [...events, changed] : events.toSpliced(index, 1);
          const decision = append
            ? appendOrderEvent(state, changed, "event")
            : deleteOrderEvent(state, events[index]!);
          expect(decision.ok).toBe(isAllowed(next));
          if (!decision.ok) continue;
          const { version } = state;
          events = next;
          state = "next" in decision.result ? decision.result.next : decision.result;
          expect(state).toMatchObject({ version: version + 1, event_count: events.length });
          expect(BigInt(state.captured_amount)).toBe(sum(events, "CAPTURED", "amount"));
          expect(BigInt(state.refunded_amount)).toBe(sum(events, "REFUNDED", "amount"));
          expect(BigInt(state.captured_rewards_amount)).toBe(
            sum(events, "CAPTURED", "rewards_amount"),
          );
          expect(BigInt(state.refunded_rewards_amount)).toBe(
            sum(events, "REFUNDED", "rewards_amount"),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it("checks the currency first", () => {
    const decision = appendOrderEvent(
      EMPTY,
      event({ currency: "EUR", type: "REFUNDED", amount: 1 }),
      "event",
    );
    expect(decision).toMatchObject({ ok: false, refusal: { param: "currency" } });
  });
});

describe("the same event", () => {
  const input = {
    order_id: "order",
    type: "CAPTURED" as const,
    amount: 5,
    network_transaction_id: "nt",
  };
  const stored = completeOrderEvent(input, { order_event_id: "event", currency: "USD" });

  it.each([
    ["as it was", {}, []],
    ["with explicit defaults", { rewards_amount: 0, currency: "USD", order_lines: [] }, []],
    ["with its generated ID", { order_event_id: "event" }, []],
    ["with another amount", { amount: 6 }, ["amount"]],
    ["with an additional partner_event_id", { partner_event_id: "pe" }, ["partner_event_id"]],
    [
      "with another transaction and currency",
      { network_transaction_id: "other", currency: "EUR" },
      ["currency", "network_transaction_id"],
    ],
  ])("%s", (_, fields, differences) => {
    const decision = repeatOrderEvent({ ...input, ...fields }, stored, DEFAULT_ASSUMPTIONS);
    expect(decision).toMatchObject(
      differences.length === 0
        ? { ok: true, result: stored }
        : { ok: false, refusal: { details: { differing_fields: differences } } },
    );
  });
});
