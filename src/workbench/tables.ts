import { is, SQL, sql } from "drizzle-orm";
import { drizzle, type DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import {
  getTableConfig,
  SQLiteSyncDialect,
  type SQLiteColumn,
  type SQLiteTable,
} from "drizzle-orm/sqlite-core";
import { TABLES } from "./schema.ts";

export type WorkbenchDatabase = DrizzleSqliteDODatabase;

const dialect = new SQLiteSyncDialect();

/** The statements that make the tables and their indexes, from the schema: they are written nowhere else. */
const STATEMENTS = TABLES.flatMap(statementsFor);
/** What the tables of an object were made by. Tables that were made otherwise are dropped: nothing in them lasts long. */
const LAYOUT = STATEMENTS.join(";\n");

/**
 * A workbench's tables. They have the data of one dataset: the latest that anything was written in. They are
 * made when something is to be written, so that an object that was only asked leaves nothing behind.
 */
export class Tables {
  readonly #storage: DurableObjectStorage;
  readonly #database: WorkbenchDatabase;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#database = drizzle(storage);
  }

  /** The tables, to be read; undefined where there is nothing of this dataset. */
  ofDataset(datasetId: number): WorkbenchDatabase | undefined {
    const { kv } = this.#storage;
    const isThere = kv.get("layout") === LAYOUT && kv.get("dataset_id") === datasetId;
    return isThere ? this.#database : undefined;
  }

  /** The tables of whatever dataset they are of. */
  ofLatestDataset(): WorkbenchDatabase | undefined {
    const datasetId = this.#storage.kv.get<number>("dataset_id");
    return datasetId === undefined ? undefined : this.ofDataset(datasetId);
  }

  /** Whether anything was written in a later dataset. */
  isOver(datasetId: number): boolean {
    return (this.#storage.kv.get<number>("dataset_id") ?? 0) > datasetId;
  }

  /**
   * The tables, to be written. A dataset that is later than theirs empties them first; undefined for an earlier
   * one, which is over.
   */
  forDataset(datasetId: number): WorkbenchDatabase | undefined {
    const there = this.ofDataset(datasetId);
    if (there) return there;
    if (this.isOver(datasetId)) return undefined;
    const { kv } = this.#storage;
    this.#storage.transactionSync(() => {
      // No row of an earlier dataset, and no table of an earlier layout.
      const names = this.#database.all<{ name: string }>(
        sql`select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name not like '\\_cf\\_%' escape '\\'`,
      );
      for (const { name } of names) this.#database.run(sql`drop table ${sql.identifier(name)}`);
      for (const statement of STATEMENTS) this.#database.run(statement);
      kv.put("layout", LAYOUT);
      kv.put("dataset_id", datasetId);
    });
    return this.#database;
  }
}

function statementsFor(table: SQLiteTable): string[] {
  const { name, columns, indexes } = getTableConfig(table);
  return [
    `create table "${name}" (${columns.map(definitionOf).join(", ")})`,
    ...indexes.map(({ config }) => {
      const parts = config.columns.map((part) =>
        // Without its table, which SQLite doesn't take in an index.
        is(part, SQL) ? dialect.sqlToQuery(part, "indexes").sql : `"${part.name}"`,
      );
      return `create ${config.unique ? "unique " : ""}index "${config.name}" on "${name}" (${parts.join(", ")})`;
    }),
  ];
}

function definitionOf(column: SQLiteColumn): string {
  const { autoIncrement } = column as { autoIncrement?: boolean };
  return [
    `"${column.name}" ${column.getSQLType()}`,
    ...(column.primary ? ["primary key"] : []),
    ...(autoIncrement ? ["autoincrement"] : []),
    ...(column.notNull ? ["not null"] : []),
    ...(column.isUnique ? ["unique"] : []),
  ].join(" ");
}
