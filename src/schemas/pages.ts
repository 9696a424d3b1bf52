import * as z from "zod";
import { id } from "./fields.ts";

export const DEFAULT_PAGE_ITEMS = 10;
/** The largest page. A larger limit is reduced to this. */
export const MAX_PAGE_ITEMS = 100;

/** Whether the published contract lacks pagination for a list. If so, the document marks it and makes it optional. */
interface Pages {
  onlyInSandbox: boolean;
}

const noteOf = ({ onlyInSandbox }: Pages) => (onlyInSandbox ? ". Not in production" : "");

export const limit = (pages: Pages = { onlyInSandbox: false }) =>
  z
    .string()
    .regex(/^0*[1-9]\d*$/, { error: "Expected a whole number of at least 1" })
    .meta({
      // The query contains text, but the document describes a number.
      type: "integer",
      minimum: 1,
      default: DEFAULT_PAGE_ITEMS,
      examples: [25],
      description: `The maximum number of items. Values above ${MAX_PAGE_ITEMS} are reduced to ${MAX_PAGE_ITEMS}${noteOf(pages)}`,
    })
    .optional()
    .transform((items) => Math.min(Number(items ?? DEFAULT_PAGE_ITEMS), MAX_PAGE_ITEMS));

export const startingAfter = (example: string, pages: Pages = { onlyInSandbox: false }) =>
  id.optional().meta({
    description: `The ID of the last item of the previous page${noteOf(pages)}`,
    examples: [example],
  });

/** The response of a list. */
export function listOf<Item extends z.ZodType>(
  item: Item,
  name: string,
  pages: Pages = { onlyInSandbox: false },
) {
  const fields = {
    has_more: z.boolean().meta({
      description: `Whether more items follow the last one${noteOf(pages)}`,
    }),
    total: z
      .int()
      .meta({ description: `The number of matching items on all pages${noteOf(pages)}` }),
  };
  return z
    .object({
      data: z.array(item).meta({ description: "Newest first" }),
      ...(pages.onlyInSandbox
        ? { has_more: fields.has_more.optional(), total: fields.total.optional() }
        : fields),
    })
    .meta({ id: name });
}
