import { getTableName, sql, type SQL } from "drizzle-orm";
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { MAX_PAGE_BYTES, untilTooLong } from "../domain/stored-bytes.ts";
import { DatasetStatement, placeholder } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import type { Page, PageRequest } from "./pages.ts";
import { indexedBy, selectItems, type Fields, type Selected } from "./rows.ts";

/** The lines of a larger item are read by a second statement, once it is known that the item is on the page. */
const LIGHT_BYTES = MAX_PAGE_BYTES / 100;

interface Filter {
  /** The index that finds the matching items: it begins with the dataset and the column. */
  index: string;
  /** The stored count of the items that match this filter alone. Without it, the items are counted. */
  total?: SQL<number>;
}

/** The selected fields of an item. Its lines make it long. */
type ItemFields = Fields & { order_lines: SQL<string | null> };

/** The fields that determine how long an item is. */
interface Extent {
  sequence: number;
  line_count: number;
  content_bytes: number;
}

/** A list of an environment's items, newest first. */
interface List<F extends ItemFields, Column extends string> {
  table: SQLiteTable &
    Record<"dataset_id" | keyof Extent, SQLiteColumn> &
    Record<NoInfer<Column>, SQLiteColumn>;
  id: SQLiteColumn;
  fields: F;
  /** Most selective first: a request reads the index of its first filter. */
  filters: Record<Column, Filter>;
  /** The stored count of all items. */
  total: SQL<number>;
}

/** The statements for a page with certain filters, with or without a cursor. */
interface Plan<Row> {
  /** Selects one item more than the page has, to see whether more follow. With a unique filter, selects one item. */
  rows: DatasetStatement<Row & Extent & { total: number }>;
  isUnique: boolean;
  /** Selects the position of the cursor, and the total for a page without items. */
  cursor: DatasetStatement<{ sequence: number | null; total: number }> | undefined;
}

/**
 * The filters of a request, with exactly the names of the list's filters. An additional name, which the list would
 * ignore, does not compile. A missing name, which the query's schema forgot, does not compile either.
 */
export type FilterOf<Reader, Given> =
  Reader extends PageReader<infer _, infer Column>
    ? Partial<Record<Column, string | undefined>> &
        Record<Exclude<keyof Given, Column>, never> &
        Record<Exclude<Column, keyof Given>, never>
    : never;

/**
 * Reads a list page by page, by keyset: no page reads the items before it. A page takes one round trip, or two if it
 * has long items, or is empty after a cursor.
 */
export class PageReader<F extends ItemFields, Column extends string> {
  readonly #list: List<F, Column>;
  readonly #plans = new Map<string, Plan<Selected<F>>>();
  readonly #long: DatasetStatement<Selected<F> & Extent>;
  /** The filters that match at most one item. */
  readonly #unique = new Set<Column>();

  /** Throws if a filter has no suitable index. Lists are created on import, so the Worker then does not start. */
  constructor(list: List<F, Column>) {
    this.#list = list;
    const { table, fields, filters } = list;
    const indexes = getTableConfig(table).indexes.map(({ config }) => config);
    for (const [column, { index }] of Object.entries<Filter>(filters) as [Column, Filter][]) {
      const found = indexes.find(({ name }) => name === index);
      const [first, second] = found?.columns ?? [];
      if (first !== table.dataset_id || second !== table[column]) {
        throw new Error(
          `The filter ${column} of ${getTableName(table)} needs an index that begins with dataset_id, ${column}, but ${index} does not.`,
        );
      }
      if (found!.unique && found!.columns.length === 2) this.#unique.add(column);
    }
    const { dataset_id, sequence, line_count, content_bytes } = table;
    this.#long = selectItems(
      { ...fields, sequence, line_count, content_bytes },
      table,
      sql`${dataset_id} = ${placeholder("dataset_id")}
        and ${sequence} in (select value from json_each(${placeholder("sequences")}))`,
    ) as unknown as DatasetStatement<Selected<F> & Extent>;
  }

  /** A page of the matching items; undefined if the cursor is unknown. */
  async read(
    dataset: Dataset,
    filter: Partial<Record<Column, string | undefined>>,
    { limit, starting_after }: PageRequest,
  ): Promise<Page<Selected<F>> | undefined> {
    const plan = this.#planFor(filter, starting_after !== undefined);
    const values = { ...filter, starting_after, limit: plan.isUnique ? 1 : limit + 1 };
    const [rows] = await dataset.run(plan.rows.bind(dataset, values));
    let total = rows[0]?.total ?? 0;
    if (rows.length === 0 && plan.cursor) {
      const [[cursor]] = await dataset.run(plan.cursor.bind(dataset, values));
      if (cursor!.sequence === null) return undefined;
      ({ total } = cursor!);
    }
    const page = untilTooLong(rows.slice(0, limit), ({ content_bytes }) => content_bytes);
    const data = plan.isUnique ? page : await this.#withLines(dataset, page);
    return { data, has_more: rows.length > page.length, total };
  }

  /** Reads the lines of long items, and drops those that were deleted since. One round trip if there are any. */
  async #withLines(dataset: Dataset, page: (Selected<F> & Extent)[]) {
    const long = page.filter(isLong);
    if (long.length === 0) return page;
    const sequences = JSON.stringify(long.map((row) => row.sequence));
    const [found] = await dataset.run(this.#long.bind(dataset, { sequences, limit: long.length }));
    const bySequence = new Map(found.map((row) => [row.sequence, row]));
    return page.flatMap((row) => (isLong(row) ? (bySequence.get(row.sequence) ?? []) : row));
  }

  #planFor(
    filter: Partial<Record<Column, string | undefined>>,
    hasCursor: boolean,
  ): Plan<Selected<F>> {
    const columns = Object.keys(this.#list.filters) as Column[];
    const used = columns.filter((column) => filter[column] !== undefined);
    const name = [hasCursor, ...used].join();
    const plan = this.#plans.get(name) ?? this.#plan(used, hasCursor);
    this.#plans.set(name, plan);
    return plan;
  }

  #plan(used: Column[], hasCursor: boolean): Plan<Selected<F>> {
    const { table, id, fields, filters } = this.#list;
    const ofDataset = sql`${table.dataset_id} = ${placeholder("dataset_id")}`;
    const matching = sql.join(
      [ofDataset, ...used.map((column) => sql`${table[column]} = ${placeholder(column)}`)],
      sql` and `,
    );
    const cursor = sql`(
      select sequence from ${table} where ${ofDataset} and ${id} = ${placeholder("starting_after")})`;
    const total = this.#total(used, hasCursor, matching);
    const [first] = used;
    const isUnique = first !== undefined && this.#unique.has(first);
    const { sequence, line_count, content_bytes } = table;
    const lines = sql`case when ${content_bytes} <= ${sql.raw(String(LIGHT_BYTES))} then (${fields.order_lines}) end`;
    const wanted = hasCursor ? sql`${matching} and ${sequence} < ${cursor}` : matching;
    const source = first ? indexedBy(table, filters[first].index) : table;
    // With several filters, an index with all of their columns finds the page before any row is read.
    const found = sql`${sequence} in (
      select sequence from ${source} where ${wanted} order by sequence desc limit ${placeholder("limit")})`;
    const isFoundFirst = used.length > 1 && !isUnique;
    return {
      rows: selectItems(
        {
          ...fields,
          ...(!isUnique && { order_lines: lines }),
          sequence,
          line_count,
          content_bytes,
          total,
        },
        isFoundFirst ? table : source,
        isFoundFirst ? sql`${ofDataset} and ${found}` : wanted,
      ) as unknown as Plan<Selected<F>>["rows"],
      isUnique,
      cursor: hasCursor
        ? DatasetStatement.of(
            sql<{
              sequence: number | null;
              total: number;
            }>`select ${cursor} as sequence, ${total} as total`,
          )
        : undefined,
    };
  }

  #total(used: Column[], hasCursor: boolean, matching: SQL): SQL<number> {
    const { table, total, filters } = this.#list;
    const [first, second] = used;
    if (!first) return total;
    const { index, total: stored } = filters[first];
    // A unique filter matches one item at most.
    if (this.#unique.has(first) && !hasCursor) return sql`1`;
    if (stored && !second) return stored;
    return sql`(select count(*) from ${indexedBy(table, index)} where ${matching})`;
  }
}

function isLong({ content_bytes, line_count }: Extent): boolean {
  return content_bytes > LIGHT_BYTES && line_count > 0;
}
