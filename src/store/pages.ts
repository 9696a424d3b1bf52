import { and, count, desc, eq, inArray, lt, sql, type Query, type SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { Statement, write, type Database, value } from "./database.ts";

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

/** A column to filter a list by, and the index that finds what it asks for. */
interface Filter<Column extends string> {
  column: Column;
  index: string;
  /** No two items have the same value. */
  isUnique?: boolean;
  /** Numbers the items with the same value from the oldest, so that the newest one has their count. */
  rank?: SQLiteColumn;
}

type Total = Statement<{ total: number }>;
type WithRank<Row> = Row & { rank: number | null };

/** A list of a partner's items, newest first. */
interface List<Row, Column extends string> {
  table: SQLiteTable &
    Record<"partner_id" | "sequence", SQLiteColumn> &
    Record<Column, SQLiteColumn>;
  id: SQLiteColumn;
  /** The choosiest first: of those that a request uses, the first one's index is read. */
  filters: readonly Filter<Column>[];
  /** Selects items, newest first, at most the placeholder `limit`. */
  select(where: SQL | undefined, rank: SQL<number | null>): SelectOf<WithRank<Row>>;
  /** The count that is kept of what these filters ask for, if it is. */
  keptTotal(used: readonly Column[]): Total | undefined;
}

interface SelectOf<Row> {
  toSQL(): Query;
  _: { result: Row[] };
}

/** How to read a page of one kind: by these filters, from a cursor or not. */
interface Plan<Row> {
  rows: Statement<WithRank<Row>>;
  /** Whether the ranks tell if there are more items; else one more than the limit is read. */
  isRanked: boolean;
  /** Left out where the rows themselves tell the total. */
  total: Total | undefined;
  cursor: Statement<{ sequence: number }> | undefined;
}

/**
 * A table, to be read by one of its indexes and no other way. Left to choose, SQLite reads all of a
 * partner's rows by the primary key, as that is sorted already.
 */
export function indexedBy(table: SQLiteTable, index: string): SQL {
  return sql`${table} indexed by ${sql.identifier(index)}`;
}

/** Reads a list by keyset, page by page: each is one round trip, and reads nothing that comes before it. */
export class PageReader<Row, Column extends string> {
  readonly #list: List<Row, Column>;
  readonly #plans = new Map<string, Plan<Row>>();

  constructor(list: List<Row, Column>) {
    this.#list = list;
  }

  /** A page of what the filter asks for; undefined when the cursor is none of the partner's items. */
  async read(
    db: Database,
    partner_id: number,
    filter: Partial<Record<Column, string | undefined>>,
    request: PageRequest,
  ): Promise<Page<Row> | undefined> {
    const { limit, starting_after } = request;
    const plan = this.#planFor(filter, starting_after !== undefined);
    const surplus = plan.isRanked ? 0 : 1;
    const values = { ...filter, partner_id, starting_after, limit: limit + surplus };
    const [rows, ...others] = await db.run(
      plan.rows.bind(values),
      ...[plan.cursor, plan.total]
        .filter((each) => each !== undefined)
        .map((each) => each.bind(values)),
    );
    if (plan.cursor && others[0]!.length === 0) return undefined;
    const [counted] = plan.total ? (others.at(-1) as { total: number }[]) : [];
    return {
      data: rows.slice(0, limit),
      has_more: plan.isRanked ? (rows.at(-1)?.rank ?? 0) > 1 : rows.length > limit,
      total: plan.total ? (counted?.total ?? 0) : (rows[0]?.rank ?? rows.length),
    };
  }

  #planFor(filter: Partial<Record<Column, string | undefined>>, hasCursor: boolean): Plan<Row> {
    const used = this.#list.filters.filter(({ column }) => filter[column] !== undefined);
    const name = [hasCursor, ...used.map(({ column }) => column)].join();
    const plan = this.#plans.get(name) ?? this.#plan(used, hasCursor);
    this.#plans.set(name, plan);
    return plan;
  }

  #plan(used: Filter<Column>[], hasCursor: boolean): Plan<Row> {
    const { table, id } = this.#list;
    const ofPartner = eq(table.partner_id, value("partner_id"));
    const matching = and(ofPartner, ...used.map(({ column }) => eq(table[column], value(column))));
    const cursor = write
      .select({ sequence: sql<number>`${table.sequence}` })
      .from(sql`${table}`)
      .where(and(ofPartner, eq(id, value("starting_after"))));
    const after = hasCursor ? lt(table.sequence, sql`(${cursor})`) : undefined;
    const [filter] = used;
    const rank = used.length === 1 ? filter!.rank : undefined;
    const isDirect = !filter || filter.isUnique;
    return {
      rows: Statement.of(
        this.#list.select(
          isDirect
            ? and(matching, after)
            : and(
                ofPartner,
                inArray(table.sequence, this.#sequences(filter, and(matching, after))),
              ),
          sql`${rank ?? null}`,
        ),
      ),
      isRanked: rank !== undefined,
      total: this.#total(used, matching, hasCursor),
      cursor: hasCursor ? Statement.of(cursor) : undefined,
    };
  }

  /** The rows of a page by their sequence, which the filter's index has in order. */
  #sequences({ index }: Filter<Column>, where: SQL | undefined) {
    const { table } = this.#list;
    return write
      .select({ sequence: sql`sequence` })
      .from(indexedBy(table, index))
      .where(where)
      .orderBy(desc(table.sequence))
      .limit(sql.placeholder("limit"));
  }

  #total(used: Filter<Column>[], matching: SQL | undefined, hasCursor: boolean): Total | undefined {
    const { table } = this.#list;
    const kept = this.#list.keptTotal(used.map(({ column }) => column));
    if (kept) return kept;
    const [filter] = used;
    const isToldByRows = filter?.isUnique || (used.length === 1 && filter?.rank);
    if (isToldByRows && !hasCursor) return undefined;
    const source = indexedBy(table, filter!.index);
    if (used.length > 1 || !filter?.rank) {
      return Statement.of(
        write
          .select({ total: count().as("total") })
          .from(source)
          .where(matching),
      );
    }
    const newest = write
      .select({ total: sql<number>`${filter.rank}`.as("total") })
      .from(source)
      .where(matching)
      .orderBy(desc(table.sequence))
      .limit(1);
    return Statement.of(newest);
  }
}
