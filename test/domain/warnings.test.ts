import { describe, expect, it } from "vitest";
import { NO_TOTALS, type LedgerState } from "../../src/domain/ledger-state.ts";
import { appendOrderEvent, type OrderEventInput } from "../../src/domain/order-events.ts";
import { replaceOrder } from "../../src/domain/orders.ts";
import {
  addWarnings,
  MAX_WARNINGS,
  warningsOfEvent,
  warningsOfReplacement,
  type Warning,
} from "../../src/domain/warnings.ts";

const ORDER: LedgerState = {
  id: "order",
  version: 1,
  currency: "USD",
  payment_method_id: "pm-1",
  accepts_over_refunds: false,
  created_at: "2025-01-01T00:00:00Z",
  event_count: 0,
  content_bytes: 0,
  total_order_amount: 100,
  total_rewards_amount: 10,
  ...NO_TOTALS,
};

/** The warnings for an event on an order with these sums. */
function warningsOn(totals: Partial<LedgerState>, fields: Partial<OrderEventInput>): Warning[] {
  const input: OrderEventInput = {
    order_id: "order",
    type: "CAPTURED",
    amount: 0,
    network_transaction_id: "nt",
    ...fields,
  };
  const decision = appendOrderEvent({ ...ORDER, ...totals }, input, "event");
  if (!decision.ok) throw new Error(decision.refusal.message);
  return warningsOfEvent(decision.result.event, decision.result.next);
}

const beyond = (param: string, captured: number, ordered: number): Warning => ({
  code: "captured_beyond_total",
  param,
  captured,
  ordered,
});

describe("a capture", () => {
  it.each([
    ["of the whole order", {}, { amount: 100, rewards_amount: 10 }, []],
    ["of more", {}, { amount: 101 }, [beyond("amount", 101, 100)]],
    ["of more rewards", {}, { rewards_amount: 11 }, [beyond("rewards_amount", 11, 10)]],
    ["on top", { captured_amount: 100 }, { amount: 1 }, [beyond("amount", 101, 100)]],
    [
      "of more amount and rewards",
      {},
      { amount: 101, rewards_amount: 11 },
      [beyond("amount", 101, 100), beyond("rewards_amount", 11, 10)],
    ],
    ["of rewards on an order whose amount is exceeded", { captured_amount: 101 }, {}, []],
  ])("%s", (_, totals, fields, warnings) => {
    expect(warningsOn(totals, fields)).toEqual(warnings);
  });
});

describe("a refund", () => {
  const refund = { type: "REFUNDED", amount: 5 } as const;
  const without: Warning = { code: "refund_without_rewards", param: "rewards_amount" };
  const captured = { captured_amount: 100, captured_rewards_amount: 10 };

  it.each([
    ["without rewards", captured, refund, [without]],
    ["with rewards_amount 0", captured, { ...refund, rewards_amount: 0 }, [without]],
    ["with some", captured, { ...refund, rewards_amount: 1 }, []],
    ["without captured rewards", { captured_amount: 100 }, refund, []],
    ["after a refund of all rewards", { ...captured, refunded_rewards_amount: 10 }, refund, []],
    ["after captures above the total", { captured_amount: 200 }, refund, []],
  ])("%s", (_, totals, fields, warnings) => {
    expect(warningsOn(totals, fields)).toEqual(warnings);
  });
});

const replace = (total: number, expected_versions?: number[]) => {
  const state = { ...ORDER, captured_amount: 50, event_count: 1 };
  const expected = { id: "order", expected_versions };
  const decision = replaceOrder(
    state,
    expected,
    { payment_method_id: "pm", partner_order_id: "po", total_order_amount: total },
    "2025-01-02T00:00:00Z",
  );
  if (!decision.ok) throw new Error(decision.refusal.message);
  return warningsOfReplacement(expected, decision.result.next);
};

describe("the replacement of an order", () => {
  it("with a total below the captured amount", () => {
    expect(replace(50)).toEqual([]);
    expect(replace(49)).toEqual([beyond("total_order_amount", 50, 49)]);
  });

  it("with a condition that production doesn't support", () => {
    expect(replace(50, [1])).toEqual([{ code: "unpublished_header", param: "If-Match" }]);
  });
});

describe("the warnings of a response", () => {
  const fields = Array.from({ length: MAX_WARNINGS }, (_, index): Warning => ({
    code: "unknown_field",
    param: `field${index}`,
  }));

  it("are limited in number, with room for a rule's warning", () => {
    const warning = beyond("amount", 101, 100);
    const all = addWarnings(fields, [warning]);
    expect(all).toHaveLength(MAX_WARNINGS);
    expect(all).toContainEqual(warning);
  });

  it("contain no duplicates", () => {
    const warning = beyond("amount", 101, 100);
    expect(addWarnings([warning], [beyond("amount", 102, 100)])).toEqual([warning]);
  });
});
