import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FaultMatch, FaultName } from "../domain/faults.ts";

/** The faults that are still to act, of the one world that the workbench is in. */
export const faults = sqliteTable("faults", {
  /** Counts the faults, the oldest first. */
  sequence: integer().primaryKey({ autoIncrement: true }),
  id: text().notNull().unique(),
  fault: text().$type<FaultName>().notNull(),
  times: integer().notNull(),
  /** How often it will still act. */
  remaining: integer().notNull(),
  skip: integer().notNull(),
  /** How many matching requests it will still let through. */
  skip_remaining: integer().notNull(),
  delay_ms: integer().notNull(),
  match: text({ mode: "json" }).$type<FaultMatch>().notNull(),
  created_at: text().notNull(),
});

/** Every table of the workbench: what isn't here is not made. */
export const TABLES = [faults];
