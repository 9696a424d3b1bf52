import { eq, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { partners } from "./schema.ts";

/** Moves the totals of a partner's unfiltered lists: goes into the batch that adds or removes the rows. */
export function countForPartner(
  db: Database,
  partnerId: number,
  added: { orders?: 1 | -1; orderEvents?: 1 | -1 },
) {
  return db
    .update(partners)
    .set({
      ...(added.orders && { order_count: sql`${partners.order_count} + ${added.orders}` }),
      ...(added.orderEvents && {
        order_event_count: sql`${partners.order_event_count} + ${added.orderEvents}`,
      }),
    })
    .where(eq(partners.id, partnerId));
}

/** The total of one of a partner's unfiltered lists, as it is kept. */
export function selectPartnerTotal(
  db: Database,
  partnerId: number,
  column: "order_count" | "order_event_count",
) {
  return db.select({ total: partners[column] }).from(partners).where(eq(partners.id, partnerId));
}
