import * as z from "zod";
import { withoutNulls } from "../domain/complete.ts";
import { lineSumViolations, type OrderLine } from "../domain/order-lines.ts";
import { money, text, url } from "./fields.ts";
import type { FieldSchemas } from "./field-schemas.ts";

/** The most lines that an order or an event can have. */
export const MAX_LINES = 1_000;

const lineFields = {
  name: text.meta({ description: "Name of the item", examples: ["Couch Supreme"] }),
  product_url: url.meta({
    description: "Where the item is shown",
    examples: ["www.restassured.com/couch-supreme"],
  }),
  quantity: z
    .int()
    .min(1)
    .meta({ description: "How many of the item, at least 1", examples: [1] }),
  rate: z.int().meta({
    description: "Price of one, in the minor unit; negative on a discount line",
    examples: [274999],
  }),
  rewards_rate: z
    .int()
    .meta({ description: "Rewards for one, in the minor unit", examples: [2500] }),
};

/** A line as it is sent. */
export const orderLineInput = z
  .object({
    ...lineFields,
    product_url: lineFields.product_url.nullish(),
  } satisfies FieldSchemas<OrderLine>)
  .transform((line): OrderLine => withoutNulls(line));

/** A line as it is answered. */
export const orderLine = z
  .object({
    ...lineFields,
    product_url: lineFields.product_url.optional(),
  } satisfies FieldSchemas<OrderLine>)
  .meta({ id: "OrderLine" });

export const rewardsTotal = money.meta({
  description: "Rewards in the minor unit. Left out: what the lines add up to, or 0 without lines",
  examples: [2500],
});

/** The sum rule, for an object with these fields: what its lines add up to is what it says. */
export function linesAddUp<Amount extends string, Rewards extends string>(
  amount: Amount,
  rewards: Rewards,
) {
  type Sums = Record<Amount, number> & { [Field in Rewards]?: number | undefined };
  return (item: Sums & { order_lines?: OrderLine[] | undefined }, context: z.RefinementCtx) => {
    const violations = lineSumViolations(
      item.order_lines,
      { param: amount, stated: item[amount] },
      { param: rewards, stated: item[rewards] },
    );
    for (const { param, message } of violations) {
      context.addIssue({ code: "custom", path: [param], message });
    }
  };
}
