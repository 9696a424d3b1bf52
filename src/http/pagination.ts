import type { Page } from "../store/pages.ts";
import { invalidRequest } from "./errors.ts";

/** The page, or 400 where its cursor is none of the environment's items. */
export function requirePage<T>(
  page: Page<T> | undefined,
  startingAfter: string | undefined,
): Page<T> {
  if (page) return page;
  throw invalidRequest([
    {
      param: "starting_after",
      message: `Expected the id of the last item of the previous page, but no item has the id ${startingAfter}. If it was deleted, start over without starting_after`,
    },
  ]);
}
