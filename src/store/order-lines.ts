import { sql } from "drizzle-orm";
import type { OrderLine } from "../domain/order-lines.ts";
import type { Database } from "./database.ts";
import type { orderEventLines, orderLines } from "./schema.ts";

/**
 * Adds all lines of an order or event in one statement. The lines go as one JSON parameter: a row of
 * parameters each would pass D1's limit of 100 per statement at the 13th line.
 */
export function insertLines(
  db: Database,
  table: typeof orderLines | typeof orderEventLines,
  partnerId: number,
  parentId: string,
  lines: readonly OrderLine[],
) {
  return db.insert(table).select(sql`
    select ${partnerId}, ${parentId}, key, value ->> 'name', value ->> 'product_url',
      value ->> 'quantity', value ->> 'rate', value ->> 'rewards_rate'
    from json_each(${JSON.stringify(lines)})`);
}

/** The columns of a line that are the line: what a query of lines asks for. */
export const LINE_COLUMNS = {
  name: true,
  product_url: true,
  quantity: true,
  rate: true,
  rewards_rate: true,
} as const;

/** Lines as they were sent; none at all is the same as left out. */
export function toLines(
  rows: (Omit<OrderLine, "product_url"> & { product_url: string | null })[],
): OrderLine[] | undefined {
  if (rows.length === 0) return undefined;
  return rows.map(({ name, product_url, quantity, rate, rewards_rate }) => ({
    name,
    product_url: product_url ?? undefined,
    quantity,
    rate,
    rewards_rate,
  }));
}
