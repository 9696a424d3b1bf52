import { z } from "zod";
import { id } from "./fields.ts";

export const DEFAULT_PAGE_ITEMS = 10;
/** The largest page; a larger limit is taken as this. */
export const MAX_PAGE_ITEMS = 100;

export const limit = z.coerce
  .number()
  .int()
  .min(1)
  .default(DEFAULT_PAGE_ITEMS)
  .transform((items) => Math.min(items, MAX_PAGE_ITEMS))
  .meta({
    description: `How many items to answer; above ${MAX_PAGE_ITEMS} is taken as ${MAX_PAGE_ITEMS}`,
  });

export const startingAfter = id
  .optional()
  .meta({ description: "The id of the last item of the page before" });

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
