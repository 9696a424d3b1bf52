import { sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { OrderLine } from "../domain/order-lines.ts";
import { Statement, write, value } from "./database.ts";
import { orderEventLines, orderLines } from "./schema.ts";

/**
 * Adds all lines of an order or event in one statement. The lines go as one JSON parameter: a row of
 * parameters each would pass D1's limit of 100 per statement at the 13th line.
 */
const insertInto = (table: typeof orderLines | typeof orderEventLines) =>
  Statement.of(
    write.insert(table).select(sql`
      select ${value("partner_id")}, ${value("parent_id")}, key, value ->> 'name', value ->> 'product_url',
        value ->> 'quantity', value ->> 'rate', value ->> 'rewards_rate'
      from json_each(${value("lines")})`),
  );

const inserts = { order: insertInto(orderLines), event: insertInto(orderEventLines) };

export function insertLines(
  of: keyof typeof inserts,
  partnerId: number,
  parentId: string,
  lines: readonly OrderLine[] | undefined,
) {
  if (!lines) return [];
  const values = { partner_id: partnerId, parent_id: parentId, lines: JSON.stringify(lines) };
  return [inserts[of].bind(values)];
}

/** The lines of a row as JSON, in their order; null, and nothing read, where it has none. */
export function linesOf(
  table: typeof orderLines | typeof orderEventLines,
  parentId: SQLiteColumn,
  parent: { partner_id: SQLiteColumn; line_count: SQLiteColumn },
  reference: SQLiteColumn,
): SQL<string | null> {
  return sql`case when ${parent.line_count} > 0 then (
    select json_group_array(json_array(name, product_url, quantity, rate, rewards_rate)) from (
      select * from ${table}
      where ${table.partner_id} = ${parent.partner_id} and ${parentId} = ${reference}
      order by position)) end`;
}

type LineArray = [string, string | null, number, number, number];

/** Lines from the JSON that `linesOf` selects. None at all is the same as left out. */
export function toLines(json: string | null): OrderLine[] | undefined {
  if (json === null) return undefined;
  return (JSON.parse(json) as LineArray[]).map(
    ([name, product_url, quantity, rate, rewards_rate]) => ({
      name,
      product_url: product_url ?? undefined,
      quantity,
      rate,
      rewards_rate,
    }),
  );
}
