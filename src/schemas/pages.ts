import * as z from "zod";
import { id } from "./fields.ts";

export const DEFAULT_PAGE_ITEMS = 10;
/** The largest page; a larger limit is taken as this. */
export const MAX_PAGE_ITEMS = 100;

/** Whether the contract has the pages of a list. Where it doesn't, they are optional in the document, and marked. */
interface Pages {
  onlyInSandbox: boolean;
}

const noteOf = ({ onlyInSandbox }: Pages) => (onlyInSandbox ? ". Not in production" : "");

export const limit = (pages: Pages = { onlyInSandbox: false }) =>
  z
    .string()
    .regex(/^0*[1-9]\d*$/, { error: "Expected a whole number of at least 1" })
    .meta({
      // What the text has to be, which is all that a query can carry.
      type: "integer",
      minimum: 1,
      default: DEFAULT_PAGE_ITEMS,
      pattern: undefined,
      examples: [25],
      description: `How many items to answer; above ${MAX_PAGE_ITEMS} is taken as ${MAX_PAGE_ITEMS}${noteOf(pages)}`,
    })
    .optional()
    .transform((items) => Math.min(Number(items ?? DEFAULT_PAGE_ITEMS), MAX_PAGE_ITEMS));

export const startingAfter = (example: string, pages: Pages = { onlyInSandbox: false }) =>
  id.optional().meta({
    description: `The id of the last item of the page before${noteOf(pages)}`,
    examples: [example],
  });

/** What a list answers. */
export function listOf<Item extends z.ZodType>(
  item: Item,
  name: string,
  pages: Pages = { onlyInSandbox: false },
) {
  const fields = {
    has_more: z.boolean().meta({
      description: `Whether there are more after the last of these${noteOf(pages)}`,
    }),
    total: z.int().meta({ description: `How many match, on all pages${noteOf(pages)}` }),
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
