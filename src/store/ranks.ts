import { sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { Statement, value } from "./database.ts";
import { indexedBy } from "./pages.ts";

/**
 * A rank numbers the rows that have the same value in a column, from the oldest: the newest row's rank is
 * their count, so a list by that column need not count. It costs a deletion instead, which has to move the
 * newer rows up; of these there are few, as a value is shared by few.
 */
interface Rank {
  table: SQLiteTable;
  /** The column, and its index, which has the rows of one value by their sequence. */
  column: SQLiteColumn;
  index: string;
  rank: SQLiteColumn;
  /** The row that comes, goes, or changes, by its id. */
  id: SQLiteColumn;
}

/** The rank of the newest row that has the value `value`, or of the newest one older than `before`; 0 if there is none. */
export function lastRank({ table, column, index, rank }: Rank, before?: SQL): SQL<number> {
  return sql`coalesce((
    select ${bare(rank)} from ${indexedBy(table, index)}
    where partner_id = ${value("partner_id")} and ${bare(column)} = ${value(column.name)}
      ${before ? sql`and sequence < ${before}` : sql``}
    order by sequence desc limit 1), 0)`;
}

/** The sequence of the row with the id. */
export function sequenceOf({ table, id }: Rank): SQL {
  return sql`(select sequence from ${table} where partner_id = ${value("partner_id")} and ${bare(id)} = ${value(id.name)})`;
}

/** Moves the newer rows of a value by one: down when a row leaves it, up when one joins it. */
function moveNewer(ranked: Rank, step: 1 | -1, shared: SQL): Statement<never> {
  const { table, index, rank } = ranked;
  return Statement.ofSql(sql`
    update ${indexedBy(table, index)} set ${bare(rank)} = ${bare(rank)} + ${sql.raw(String(step))}
    where partner_id = ${value("partner_id")} and ${bare(ranked.column)} = ${shared}
      and sequence > ${sequenceOf(ranked)}`);
}

/** The value that the row has, unless that is the placeholder `unless`. */
function valueOf({ table, id, column }: Rank, unless?: SQL): SQL {
  return sql`(
    select ${bare(column)} from ${table}
    where partner_id = ${value("partner_id")} and ${bare(id)} = ${value(id.name)}
      ${unless ? sql`and ${bare(column)} <> ${unless}` : sql``})`;
}

/** Before a row is deleted. */
export const leaveRank = (ranked: Rank) => moveNewer(ranked, -1, valueOf(ranked));

/** Before a row gets another value, the placeholder named after the column; nothing moves if it is the same. */
export function changeRank(ranked: Rank): Statement<never>[] {
  const { table, id, column } = ranked;
  const joined = sql`(
    select ${value(column.name)} from ${table}
    where partner_id = ${value("partner_id")} and ${bare(id)} = ${value(id.name)}
      and ${bare(column)} <> ${value(column.name)})`;
  return [
    moveNewer(ranked, -1, valueOf(ranked, sql`${value(column.name)}`)),
    moveNewer(ranked, 1, joined),
  ];
}

/** A column without its table, as an update's SET and a subquery's own columns are written. */
function bare(column: SQLiteColumn): SQL {
  return sql.identifier(column.name) as unknown as SQL;
}
