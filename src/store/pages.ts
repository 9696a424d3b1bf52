import { and, count, desc, inArray, lt, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Database } from "./database.ts";

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

/** A list of one partner's items, by descending sequence. */
export interface List {
  table: SQLiteTable & { sequence: SQLiteColumn };
  /** The items that the partner has. */
  ofPartner: SQL;
  /** Those of them that the filter asks for. */
  matching: SQL | undefined;
  /** The index that finds these; undefined where nothing is filtered. */
  index: string | undefined;
}

type FilteredList = List & { index: string };

export function isFiltered(list: List): list is FilteredList {
  return list.index !== undefined;
}

/**
 * A table, to be read by one of its indexes and no other way. Left to choose, SQLite reads all of a
 * partner's rows by the primary key, as that is sorted already.
 */
export function indexedBy(table: SQLiteTable, index: string): SQL {
  return sql`${table} indexed by ${sql.identifier(index)}`;
}

/** How many items match a filter: a row read for each, so only for lists whose count is not kept. */
export function countMatching(db: Database, { table, index, matching }: FilteredList) {
  return db.select({ total: count() }).from(indexedBy(table, index)).where(matching);
}

/**
 * Which rows a page has, and one more, as it is asked of the table itself: by keyset, so that nothing
 * is read that comes before the page. `cursor` selects the sequence of the last item seen.
 */
export function rowsOfPage(db: Database, list: List, cursor: SQL, request: PageRequest) {
  const { sequence } = list.table;
  const limit = request.limit + 1;
  const after = request.starting_after === undefined ? undefined : lt(sequence, cursor);
  if (!isFiltered(list)) return { where: and(list.ofPartner, after), limit };
  const sequences = db
    .select({ sequence: sql`sequence` })
    .from(indexedBy(list.table, list.index))
    .where(and(list.matching, after))
    .orderBy(desc(sequence))
    .limit(limit);
  return { where: and(list.ofPartner, inArray(sequence, sequences)), limit };
}

/** A page from one item more than its limit: the surplus item tells that there are more. */
export function toPage<T>(items: T[], total: number, request: PageRequest): Page<T> {
  return {
    data: items.slice(0, request.limit),
    has_more: items.length > request.limit,
    total,
  };
}
