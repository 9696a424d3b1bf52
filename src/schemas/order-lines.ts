import * as z from "zod";
import { withoutNulls } from "../domain/complete.ts";
import { lineSumViolations, type OrderLine } from "../domain/order-lines.ts";
import { money, text, url } from "./fields.ts";
import type { SchemaPerField } from "./schema-per-field.ts";

/** The maximum number of lines of an order or event. */
export const MAX_LINES = 1_000;

const lineFields = {
  name: text.meta({ description: "The item's name", examples: ["Couch Supreme"] }),
  product_url: url.meta({
    description: "The item's product page",
    examples: ["www.restassured.com/couch-supreme"],
  }),
  quantity: z
    .int()
    .min(1)
    .meta({ description: "The number of items, at least 1", examples: [1] }),
  rate: z.int().meta({
    description: "The price of one item, in the minor unit. Negative for a discount",
    examples: [274999],
  }),
  rewards_rate: z
    .int()
    .meta({ description: "The rewards for one item, in the minor unit", examples: [2500] }),
};

/** A line in a request. */
export const orderLineInput = z
  .object({
    ...lineFields,
    product_url: lineFields.product_url.nullish(),
  } satisfies SchemaPerField<OrderLine>)
  .transform((line): OrderLine => withoutNulls(line));

/** A line in a response. */
export const orderLine = z
  .object({
    ...lineFields,
    product_url: lineFields.product_url.optional(),
  } satisfies SchemaPerField<OrderLine>)
  .meta({ id: "OrderLine" });

export const rewardsTotal = money.meta({
  description: "Rewards in the minor unit. Defaults to the sum of the lines, or 0 without lines",
  examples: [2500],
});

/** Requires that the lines of an order or event add up to the two fields with these names. */
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
