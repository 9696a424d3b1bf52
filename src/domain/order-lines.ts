import { MAX_MONEY, type Money } from "./money.ts";
import type { Violation } from "./violation.ts";

export interface OrderLine {
  name: string;
  product_url?: string | undefined;
  quantity: number;
  /** Price of one unit; negative on a discount line. */
  rate: Money;
  /** Rewards for one unit. */
  rewards_rate: Money;
}

/** A stated sum that the lines must add up to, and its field. */
interface StatedSum {
  param: string;
  stated: Money | undefined;
  /** Rewards may be left out. They are then the sum of the lines. */
  optional: boolean;
}

/** As bigint, because a rate times a quantity can take 106 bits. */
function sumOf(lines: readonly OrderLine[], rate: "rate" | "rewards_rate"): bigint {
  return lines.reduce((sum, line) => sum + BigInt(line[rate]) * BigInt(line.quantity), 0n);
}

/** The sum of the lines' rewards, 0 without lines. The lines must have passed the sum rule. */
export function sumOfRewards(lines: readonly OrderLine[] | undefined): Money {
  return Number(sumOf(lines ?? [], "rewards_rate"));
}

/** Checks the contract's sum rule: Σ rate × quantity is the total, Σ rewards_rate × quantity the rewards total. */
export function lineSumViolations(
  lines: readonly OrderLine[] | undefined,
  total: { param: string; stated: Money },
  rewards: { param: string; stated: Money | undefined },
): Violation[] {
  if (!lines?.length) return [];
  return [
    ...sumViolation(sumOf(lines, "rate"), "rate", { ...total, optional: false }),
    ...sumViolation(sumOf(lines, "rewards_rate"), "rewards_rate", { ...rewards, optional: true }),
  ];
}

function sumViolation(
  sum: bigint,
  rate: string,
  { param, stated, optional }: StatedSum,
): Violation[] {
  const formula = `the sum of ${rate} × quantity over order_lines`;
  if (optional && stated === undefined) {
    return sum >= 0n && sum <= BigInt(MAX_MONEY)
      ? []
      : [
          {
            param,
            message: `Left out, so it defaults to ${formula}, which is ${sum}. Expected 0 to ${MAX_MONEY}.`,
          },
        ];
  }
  return sum === BigInt(stated ?? 0)
    ? []
    : [{ param, message: `Expected ${formula}, which is ${sum}, but received ${stated}.` }];
}
