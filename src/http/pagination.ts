import type { Page } from "../store/pages.ts";
import { invalidRequest } from "./errors.ts";

/** Returns the page. Throws a 400 if the cursor is unknown. */
export function requirePage<T>(
  page: Page<T> | undefined,
  startingAfter: string | undefined,
): Page<T> {
  if (page) return page;
  throw invalidRequest([
    {
      param: "starting_after",
      message: `Expected the id of the last item of the previous page, but no item has the id ${startingAfter}. If it was deleted, start again without starting_after`,
    },
  ]);
}
