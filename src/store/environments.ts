import { eq, sql } from "drizzle-orm";
import { builder, placeholder, ScopedStatement } from "./database.ts";
import { environments } from "./schema.ts";

const isEnvironment = eq(environments.id, placeholder("environment_id"));

const countOf = (column: "order_count" | "order_event_count") => ({
  select: ScopedStatement.of(
    builder
      .select({ total: sql<number>`${environments[column]}`.as("total") })
      .from(environments)
      .where(isEnvironment),
  ),
  add: ScopedStatement.of(
    builder
      .update(environments)
      .set({ [column]: sql`${environments[column]} + ${placeholder("added")}` })
      .where(isEnvironment),
  ),
});

/** The totals of an environment's unfiltered lists: `add` goes into the batch that adds or removes the rows. */
export const orderCount = countOf("order_count");
export const orderEventCount = countOf("order_event_count");
