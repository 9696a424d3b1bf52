import { sql, type SQL } from "drizzle-orm";
import type { OrderLine } from "../domain/order-lines.ts";
import { placeholder, DatasetStatement, type BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { list, namesOf } from "./rows.ts";
import { lineFields, orderEventLines, orderEvents, orderLines, orders } from "./order-schema.ts";

const names = Object.keys(lineFields);
const literal = (name: string) => sql.raw(`'${name}'`);

/**
 * Adds all lines of an order or event in one statement. They are one JSON parameter: with a parameter for each field,
 * the 13th line would exceed D1's limit of 100 parameters.
 */
const insertInto = (table: typeof orderLines | typeof orderEventLines, parent: string) =>
  DatasetStatement.of(
    sql<never>`
      insert into ${table}
        (dataset_id, ${sql.identifier(parent)}, position, ${namesOf(lineFields)})
      select ${placeholder("dataset_id")}, ${placeholder("parent_id")}, key,
        ${list(names.map((name) => sql`value ->> ${literal(name)}`))}
      from json_each(${placeholder("lines")})`,
  );

const inserts = {
  order: insertInto(orderLines, "order_id"),
  event: insertInto(orderEventLines, "order_event_id"),
};

/** A line as it is stored. */
type LineRow = Pick<typeof orderLines.$inferInsert, keyof OrderLine>;

/** Adds the lines of an order or event, if it has any. */
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

const line = sql`json_object(${list(
  names.map((name) => sql`${literal(name)}, ${sql.identifier(name)}`),
)})`;

/** The lines of a row as JSON, in order. Null if it has none, and then no row is read. */
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

/** Parses the JSON that `linesOfOrder` and `linesOfEvent` select. */
export function toLines(json: string | null): OrderLine[] | undefined {
  if (json === null) return undefined;
  // JSON.parse leaves out a field if its reviver returns undefined for it.
  return JSON.parse(json, (_, content) => content ?? undefined) as OrderLine[];
}
