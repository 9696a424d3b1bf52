import { getTableColumns, sql, type GetColumnData, type SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { DatasetStatement, ifCurrent, placeholder, type Values } from "./database.ts";

/** The fields of an item, by name: each has a column. */
type Columns = Record<string, SQLiteColumn>;

/** A row as D1 returns it: a missing field is null. */
type RowOf<C extends Columns> = { [Name in keyof C]: GetColumnData<C[Name]> };

/** An item as the rules see it: a missing field is undefined. */
type ItemOf<C extends Columns> = {
  [Name in keyof C]: null extends GetColumnData<C[Name]>
    ? Exclude<GetColumnData<C[Name]>, null> | undefined
    : GetColumnData<C[Name]>;
};

/** The columns of a table that hold these fields, in the fields' order. */
export function columnsOf<T extends SQLiteTable, Name extends keyof T["_"]["columns"]>(
  table: T,
  fields: Record<Name, unknown>,
): Pick<T["_"]["columns"], Name> {
  const columns = getTableColumns(table);
  return Object.fromEntries(Object.keys(fields).map((name) => [name, columns[name]])) as never;
}

/** Joins SQL with commas. */
export const list = (parts: SQL[]): SQL => sql.join(parts, sql`, `);

/** The names of these fields as a list of columns. */
export const namesOf = (fields: Record<string, unknown>): SQL =>
  list(Object.keys(fields).map((name) => sql`${sql.identifier(name)}`));

/** A placeholder for each of these fields, under the same name. */
export function placeholdersFor<Name extends string>(
  fields: Record<Name, unknown>,
): Record<Name, SQL> {
  const names = Object.keys(fields) as Name[];
  return Object.fromEntries(names.map((name) => [name, placeholder(name)])) as Record<Name, SQL>;
}

/** Inserts a row. Leaving out a column that has no default does not compile. */
export function insertInto<T extends SQLiteTable>(
  table: T,
  values: { [Name in keyof T["$inferInsert"]]: SQL },
): SQL<never> {
  const contents = Object.values<SQL>(values);
  return sql`insert into ${table} (${namesOf(values)}) values (${list(contents)})`;
}

/** Sets columns in an update. A name that is no column of the table does not compile. */
export function assignments<T extends SQLiteTable>(
  _table: T,
  values: { [Name in keyof T["$inferInsert"]]?: SQL },
): SQL {
  const entries = Object.entries<SQL>(values as Record<string, SQL>);
  return list(entries.map(([name, content]) => sql`${sql.identifier(name)} = ${content}`));
}

/** The values to bind to an item's columns. */
export function toValues<C extends Columns>(columns: C, item: ItemOf<C>): Values {
  const values: Values = {};
  for (const name in columns) {
    const content = item[name];
    values[name] = content === undefined ? null : columns[name]!.mapToDriverValue(content);
  }
  return values;
}

/** The item in a row, with the fields that these columns hold. */
export function toItem<C extends Columns>(columns: C, row: RowOf<C>): ItemOf<C> {
  const item: Values = {};
  for (const name in columns) {
    const content = row[name];
    item[name] = content === null ? undefined : columns[name]!.mapFromDriverValue(content);
  }
  return item as ItemOf<C>;
}

/** The selected columns and expressions, by name. */
export type Fields = Record<string, SQLiteColumn | SQL>;

/** A row with these fields. */
export type Selected<F extends Fields> = {
  [Name in keyof F]: F[Name] extends SQLiteColumn
    ? GetColumnData<F[Name]>
    : F[Name] extends SQL<infer Content>
      ? Content
      : never;
};

/**
 * A table with the index to use. Without it, SQLite prefers the primary key, which is already sorted, and reads all of
 * an environment's rows.
 */
export function indexedBy(table: SQLiteTable, index: string): SQL {
  return sql`${table} indexed by ${sql.identifier(index)}`;
}

/**
 * Selects at most `limit` items, newest first by default. SQLite evaluates the limit before it reads a row, so the limit
 * also checks the dataset. Writes each column with its table's name, which Drizzle's own select would omit.
 */
export function selectItems<F extends Fields>(
  fields: F,
  source: SQLiteTable | SQL,
  where: SQL,
  order = sql`sequence desc`,
): DatasetStatement<Selected<F>> {
  const selected = Object.entries(fields).map(
    ([name, field]) => sql`${field} as ${sql.identifier(name)}`,
  );
  return DatasetStatement.of(
    sql<
      Selected<F>
    >`select ${sql.join(selected, sql`, `)} from ${source} where ${where} order by ${order} limit ${ifCurrent(placeholder("limit"))}`,
  );
}
