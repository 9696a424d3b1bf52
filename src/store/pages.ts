import { untilTooLong } from "../domain/stored-bytes.ts";

/** A request for a page. `limit` is a number of items, `starting_after` the ID of the last item seen. */
export interface PageRequest {
  limit: number;
  starting_after?: string | undefined;
}

/** A page of a list. `total` counts the matching items on all pages. */
export interface Page<T> {
  data: T[];
  has_more: boolean;
  total: number;
}

/**
 * The page in `rows`, which has up to `limit` + 1 rows: the extra row shows that more follow. A page ends early if it
 * would be too long.
 */
export function pageOf<T>(rows: T[], limit: number, total: number): Page<T> {
  const data = untilTooLong(rows.slice(0, limit));
  return { data, has_more: rows.length > data.length, total };
}

/** The page of an empty list; undefined if the request has a cursor: in an empty list, every cursor is unknown. */
export function emptyPage({ starting_after }: PageRequest): Page<never> | undefined {
  return starting_after === undefined ? { data: [], has_more: false, total: 0 } : undefined;
}
