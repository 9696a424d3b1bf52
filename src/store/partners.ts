import { eq, sql } from "drizzle-orm";
import { Statement, write } from "./database.ts";
import { partners } from "./schema.ts";

const isPartner = eq(partners.id, sql.placeholder("partner_id"));

const countOf = (column: "order_count" | "order_event_count") => ({
  select: Statement.of(
    write
      .select({ total: sql<number>`${partners[column]}`.as("total") })
      .from(partners)
      .where(isPartner),
  ),
  add: Statement.of(
    write
      .update(partners)
      .set({ [column]: sql`${partners[column]} + ${sql.placeholder("added")}` })
      .where(isPartner),
  ),
});

/**
 * The totals of a partner's unfiltered lists, kept so that nobody has to count: `add` goes into the
 * batch that adds or removes the rows.
 */
export const orderCount = countOf("order_count");
export const orderEventCount = countOf("order_event_count");
