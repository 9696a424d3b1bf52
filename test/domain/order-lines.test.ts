import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_MONEY } from "../../src/domain/money.ts";
import { lineSumViolations, sumOfRewards, type OrderLine } from "../../src/domain/order-lines.ts";

const line = fc.record({
  name: fc.constant("x"),
  quantity: fc.integer({ min: 1, max: MAX_MONEY }),
  rate: fc.integer({ min: -MAX_MONEY, max: MAX_MONEY }),
  rewards_rate: fc.integer({ min: -MAX_MONEY, max: MAX_MONEY }),
});

/** Adds in two halves, so that the test shares no arithmetic with the code. */
function added(lines: OrderLine[], rate: "rate" | "rewards_rate"): bigint {
  const times = (value: bigint, count: bigint): bigint =>
    count === 0n ? 0n : times(value + value, count / 2n) + (count % 2n === 1n ? value : 0n);
  return lines.reduce((sum, each) => sum + times(BigInt(each[rate]), BigInt(each.quantity)), 0n);
}

const paramsOf = (lines: OrderLine[], amount: number, rewards: number | undefined) =>
  lineSumViolations(
    lines,
    { param: "amount", stated: amount },
    { param: "rewards_amount", stated: rewards },
  ).map((violation) => violation.param);

describe("the sum rule", () => {
  it("accepts exactly the two sums, even with large products", () => {
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1 }),
        fc.maxSafeNat(),
        fc.maxSafeNat(),
        (lines, amount, rewards) => {
          const wrong = [
            ...(added(lines, "rate") === BigInt(amount) ? [] : ["amount"]),
            ...(added(lines, "rewards_rate") === BigInt(rewards) ? [] : ["rewards_amount"]),
          ];
          expect(paramsOf(lines, amount, rewards)).toEqual(wrong);
        },
      ),
    );
  });

  it("accepts any split of a total into lines, and no other total", () => {
    const split = fc.array(fc.integer({ min: -1000, max: 1_000_000 }), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(
        split,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1 }),
        (rates, quantity, off) => {
          const lines = rates.map((rate) => ({ name: "x", quantity, rate, rewards_rate: -rate }));
          const total = rates.reduce((sum, rate) => sum + rate * quantity, 0);
          expect(paramsOf(lines, total, -total)).toEqual([]);
          expect(paramsOf(lines, total + off, -total - off)).toEqual(["amount", "rewards_amount"]);
        },
      ),
    );
  });

  it("uses the lines' sum for omitted rewards if it is a valid amount", () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const sum = added(lines, "rewards_rate");
        const isAmount = sum >= 0n && sum <= BigInt(MAX_MONEY);
        expect(paramsOf(lines, 0, undefined).includes("rewards_amount")).toBe(!isAmount);
        if (isAmount) expect(sumOfRewards(lines)).toBe(Number(sum));
      }),
    );
  });

  it("requires nothing without lines", () => {
    expect(paramsOf([], 5, 7)).toEqual([]);
    expect(sumOfRewards(undefined)).toBe(0);
  });
});
