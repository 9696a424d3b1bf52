import { lt, sql, type SQL, type SQLWrapper } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/** Which page of a list is asked for. `limit` is in items, `starting_after` the id of the last item seen. */
export interface PageRequest {
  limit: number;
  starting_after?: string | undefined;
}

/** A page of a list, under the contract's names. `total` counts all that match, on any page. */
export interface Page<T> {
  data: T[];
  has_more: boolean;
  total: number;
}

/** Keyset pagination: what comes after the item that `cursor` finds. Skips nothing, however deep the page. */
export function cursorCondition(
  sequence: SQLiteColumn,
  cursor: SQLWrapper,
  request: PageRequest,
): SQL | undefined {
  return request.starting_after === undefined ? undefined : lt(sequence, sql`(${cursor})`);
}

/** A page from one item more than its limit: the surplus item tells that there are more. */
export function toPage<T>(items: T[], total: number, request: PageRequest): Page<T> {
  return {
    data: items.slice(0, request.limit),
    has_more: items.length > request.limit,
    total,
  };
}
