import { and, count, eq, lt, sql, type GetColumnData, type SQL } from "drizzle-orm";
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

/** What is selected of an item, by name: columns, and what is made of columns. */
type Fields = Record<string, SQLiteColumn | SQL>;

/** An item as these fields select it. */
export type RowOf<F extends Fields> = {
  [Name in keyof F]: F[Name] extends SQLiteColumn
    ? GetColumnData<F[Name]>
    : F[Name] extends SQL<infer Value>
      ? Value
      : never;
};

/** A list of a partner's items, newest first. */
interface List<F extends Fields, Column extends string> {
  table: SQLiteTable &
    Record<"partner_id" | "sequence", SQLiteColumn> &
    Record<Column, SQLiteColumn>;
  id: SQLiteColumn;
  fields: F;
  /** The choosiest first: of those that a request uses, the first one's index is read. */
  filters: readonly Filter<Column>[];
  /** The count that is kept of all items. */
  total: Total;
}

/** How to read a page of one kind: by these filters, from a cursor or not. */
interface Plan<Row> {
  rows: Statement<Row & { rank: number | null }>;
  /** Whether the ranks tell if there are more items. */
  isRanked: boolean;
  /** How many rows to read: where no rank tells if there are more, one more than are answered. */
  rowLimit(limit: number): number;
  /** Left out where the rows themselves tell the total. */
  total: Total | undefined;
  cursor: Statement<object> | undefined;
}

/**
 * A table, to be read by one of its indexes and no other way. Left to choose, SQLite reads all of a
 * partner's rows by the primary key, as that is sorted already.
 */
export function indexedBy(table: SQLiteTable, index: string): SQL {
  return sql`${table} indexed by ${sql.identifier(index)}`;
}

/** Selects items, newest first, at most the value `limit`. Columns are written with their tables, whatever Drizzle would leave out. */
export function selectItems<F extends Fields>(
  fields: F,
  source: SQLiteTable | SQL,
  where: SQL | undefined,
): Statement<RowOf<F>> {
  const selected = Object.entries(fields).map(
    ([name, field]) => sql`${field} as ${sql.identifier(name)}`,
  );
  return Statement.ofSql(
    sql`select ${sql.join(selected, sql`, `)} from ${source} where ${where} order by sequence desc limit ${value("limit")}`,
  );
}

/** Reads a list by keyset, page by page: each is one round trip, and reads nothing that comes before it. */
export class PageReader<F extends Fields, Column extends string> {
  readonly #list: List<F, Column>;
  readonly #plans = new Map<string, Plan<RowOf<F>>>();

  constructor(list: List<F, Column>) {
    this.#list = list;
  }

  /** A page of what the filter asks for; undefined when the cursor is none of the partner's items. */
  async read(
    db: Database,
    partner_id: number,
    filter: Partial<Record<Column, string | undefined>>,
    { limit, starting_after }: PageRequest,
  ): Promise<Page<RowOf<F>> | undefined> {
    const plan = this.#planFor(filter, starting_after !== undefined);
    const values = { ...filter, partner_id, starting_after, limit: plan.rowLimit(limit) };
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

  #planFor(
    filter: Partial<Record<Column, string | undefined>>,
    hasCursor: boolean,
  ): Plan<RowOf<F>> {
    const used = this.#list.filters.filter(({ column }) => filter[column] !== undefined);
    const name = [hasCursor, ...used.map(({ column }) => column)].join();
    const plan = this.#plans.get(name) ?? this.#plan(used, hasCursor);
    this.#plans.set(name, plan);
    return plan;
  }

  #plan(used: Filter<Column>[], hasCursor: boolean): Plan<RowOf<F>> {
    const { table, id, fields } = this.#list;
    const [filter] = used;
    const rank = used.length === 1 ? filter!.rank : undefined;
    const ofPartner = eq(table.partner_id, value("partner_id"));
    const matching = and(ofPartner, ...used.map(({ column }) => eq(table[column], value(column))));
    const cursor = sql`
      select sequence from ${table} where ${ofPartner} and ${eq(id, value("starting_after"))}`;
    const after = hasCursor ? lt(table.sequence, sql`(${cursor})`) : undefined;
    const source = filter ? indexedBy(table, filter.index) : table;
    return {
      rows: selectItems(
        { ...fields, rank: sql<number | null>`${rank ?? null}` },
        source,
        and(matching, after),
      ) as Plan<RowOf<F>>["rows"],
      isRanked: rank !== undefined,
      rowLimit: (limit) => (filter?.isUnique ? 1 : rank ? limit : limit + 1),
      total: this.#total(used, matching, hasCursor),
      cursor: hasCursor ? Statement.ofSql(cursor) : undefined,
    };
  }

  #total(used: Filter<Column>[], matching: SQL | undefined, hasCursor: boolean): Total | undefined {
    const { table, total } = this.#list;
    const [filter] = used;
    if (!filter) return total;
    const isRanked = used.length === 1 && filter.rank !== undefined;
    if ((filter.isUnique || isRanked) && !hasCursor) return undefined;
    const source = indexedBy(table, filter.index);
    return isRanked
      ? Statement.ofSql(sql`
          select ${filter.rank} as total from ${source} where ${matching} order by sequence desc limit 1`)
      : Statement.of(
          write
            .select({ total: count().as("total") })
            .from(source)
            .where(matching),
        );
  }
}
