import type { Page } from "../store/pages.ts";
import { ApiError } from "./errors.ts";

/** The page, or 400 where its cursor is none of the environment's items. */
export function requirePage<T>(
  page: Page<T> | undefined,
  startingAfter: string | undefined,
): Page<T> {
  if (page) return page;
  throw new ApiError({
    type: "INVALID_REQUEST_ERROR",
    param: "starting_after",
    message: `starting_after: Expected the id of the last item of the page before, but there is no item ${startingAfter}.`,
  });
}
