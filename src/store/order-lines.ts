import { sql, type SQL } from "drizzle-orm";
import type { OrderLine } from "../domain/order-lines.ts";
import { builder, placeholder, DatasetStatement, type BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { lineFields, orderEventLines, orderEvents, orderLines, orders } from "./schema.ts";

const names = Object.keys(lineFields);
const literal = (name: string) => sql.raw(`'${name}'`);
const join = (parts: SQL[]) => sql.join(parts, sql`, `);

/**
 * Adds all lines of an order or event in one statement. The lines go as one JSON parameter: a row of
 * parameters each would pass D1's limit of 100 per statement at the 13th line.
 */
const insertInto = (table: typeof orderLines | typeof orderEventLines) =>
  DatasetStatement.of(
    builder.insert(table).select(sql`
      select ${placeholder("dataset_id")}, ${placeholder("parent_id")}, key,
        ${join(names.map((name) => sql`value ->> ${literal(name)}`))}
      from json_each(${placeholder("lines")})`),
  );

const inserts = { order: insertInto(orderLines), event: insertInto(orderEventLines) };

/** A line as the tables take it. */
type LineRow = Pick<typeof orderLines.$inferInsert, keyof OrderLine>;

/** Adds the lines of an order or event: a statement, or none where it has no lines. */
export function insertLines(
  dataset: Dataset,
  parent: keyof typeof inserts,
  parent_id: string,
  lines: readonly OrderLine[] | undefined,
): BoundDatasetStatement[] {
  if (!lines) return [];
  const rows = JSON.stringify(lines satisfies readonly LineRow[]);
  return [inserts[parent].bind(dataset, { parent_id, lines: rows })];
}

const line = sql`json_object(${join(
  names.map((name) => sql`${literal(name)}, ${sql.identifier(name)}`),
)})`;

/**
 * The lines of a row as JSON, in their order; null, and nothing read, where it has none. Columns are named
 * with their tables in full: Drizzle leaves the tables out, and `a = a` is always true.
 */
const selectLines = (parent: SQL, id: SQL, lines: SQL, parentId: SQL) => sql<string | null>`
  case when ${parent}.line_count > 0 then (
    select json_group_array(${line}) from (
      select * from ${lines}
      where ${lines}.dataset_id = ${parent}.dataset_id and ${lines}.${parentId} = ${parent}.${id}
      order by position)) end`;

export const linesOfOrder = selectLines(sql`${orders}`, sql`id`, sql`${orderLines}`, sql`order_id`);
export const linesOfEvent = selectLines(
  sql`${orderEvents}`,
  sql`order_event_id`,
  sql`${orderEventLines}`,
  sql`order_event_id`,
);

/** Lines from the JSON that `linesOfOrder` and `linesOfEvent` select. None at all is the same as left out. */
export function toLines(json: string | null): OrderLine[] | undefined {
  if (json === null) return undefined;
  // A line's field that is null is left out: JSON.parse drops what its reviver answers undefined to.
  return JSON.parse(json, (_, content) => content ?? undefined) as OrderLine[];
}
