import * as z from "zod";
import { id } from "./fields.ts";

export const DEFAULT_PAGE_ITEMS = 10;
/** The largest page; a larger limit is taken as this. */
export const MAX_PAGE_ITEMS = 100;

export const limit = z
  .string()
  .regex(/^0*[1-9]\d*$/, { error: "Expected a whole number of at least 1" })
  .meta({
    // What the text has to be, which is all that a query can carry.
    type: "integer",
    minimum: 1,
    default: DEFAULT_PAGE_ITEMS,
    pattern: undefined,
    examples: [25],
    description: `How many items to answer; above ${MAX_PAGE_ITEMS} is taken as ${MAX_PAGE_ITEMS}`,
  })
  .optional()
  .transform((items) => Math.min(Number(items ?? DEFAULT_PAGE_ITEMS), MAX_PAGE_ITEMS));

export const startingAfter = id
  .optional()
  .meta({ description: "The id of the last item of the page before", examples: ["order-10"] });

/** What both lists answer. */
export function listOf<Item extends z.ZodType>(item: Item, name: string) {
  return z
    .object({
      data: z.array(item).meta({ description: "Newest first" }),
      has_more: z.boolean().meta({ description: "Whether there are more after the last of these" }),
      total: z.int().meta({ description: "How many match, on all pages" }),
    })
    .meta({ id: name });
}
