import type { Page } from "../store/pages.ts";
import { invalidRequest } from "./errors.ts";

/** Returns the page. Throws a 400 if the cursor is unknown. `idField` is the field with an item's ID. */
export function requirePage<T>(
  page: Page<T> | undefined,
  startingAfter: string | undefined,
  idField = "id",
): Page<T> {
  if (page) return page;
  throw invalidRequest([
    {
      param: "starting_after",
      message: `Expected the ${idField} of the last item of the previous page, but no item has the ${idField} ${startingAfter}. If it was deleted, start again without starting_after`,
    },
  ]);
}
