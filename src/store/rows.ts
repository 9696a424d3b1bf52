import { getTableColumns, type GetColumnData } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { placeholder, type Values } from "./database.ts";

/** Columns that hold the fields of an item, by the fields' names. */
type Columns = Record<string, SQLiteColumn>;

/** A row as D1 answers it: what an item doesn't have is null. */
export type RowOf<C extends Columns> = { [Name in keyof C]: GetColumnData<C[Name]> };

/** An item as the rules know it: what it doesn't have is undefined. */
export type ItemOf<C extends Columns> = {
  [Name in keyof C]: null extends GetColumnData<C[Name]>
    ? Exclude<GetColumnData<C[Name]>, null> | undefined
    : GetColumnData<C[Name]>;
};

/** The columns of a table that these fields have, in the fields' order. */
export function columnsOf<T extends SQLiteTable, Name extends keyof T["_"]["columns"]>(
  table: T,
  fields: Record<Name, unknown>,
): Pick<T["_"]["columns"], Name> {
  const columns = getTableColumns(table);
  return Object.fromEntries(Object.keys(fields).map((name) => [name, columns[name]])) as never;
}

/** A placeholder for each of these names, under the same name. */
export function placeholdersFor<Name extends string>(
  fields: Record<Name, unknown>,
): Record<Name, ReturnType<typeof placeholder>> {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, placeholder(name)])) as Record<
    Name,
    ReturnType<typeof placeholder>
  >;
}

/** What an item's columns are bound to. */
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
