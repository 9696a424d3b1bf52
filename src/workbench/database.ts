import { is } from "drizzle-orm";
import { drizzle, type DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import { SQLiteTable } from "drizzle-orm/sqlite-core";
import migrations from "../generated/workbench-migrations.json";
import type { DatasetRef, DatasetReply } from "./dataset-ref.ts";
import * as notificationSchema from "./notification-schema.ts";
import { RowCounter } from "./row-counter.ts";
import * as schema from "./schema.ts";

export type WorkbenchDatabase = DrizzleSqliteDODatabase;

/** The tables that a reset empties. Webhooks outlive it, as keys do. */
const { webhooks: _webhooks, ...datasetTables } = { ...schema, ...notificationSchema };
const TABLES = Object.values(datasetTables).filter((each) => is(each, SQLiteTable));

/**
 * The SQLite database of a workbench. Its rows belong to one dataset, the latest that was written to. The first write
 * creates the tables: reads alone leave the object without storage.
 */
export class DatasetStorage {
  readonly #storage: DurableObjectStorage;
  readonly #database: WorkbenchDatabase;
  readonly rows = new RowCounter();
  #isMigrated = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#database = drizzle(this.rows.counted(storage));
  }

  /** Single values. Deleted with everything else, and kept by a reset. */
  get kv(): SyncKvStorage {
    return this.#storage.kv;
  }

  /** The dataset of the stored rows; undefined if nothing is stored. */
  get datasetId(): number | undefined {
    return this.kv.get<number>("dataset_id");
  }

  isSuperseded(datasetId: number): boolean {
    return (this.datasetId ?? 0) > datasetId;
  }

  /** Migrates tables that an earlier version of the Worker created. */
  async open(): Promise<void> {
    if (this.datasetId !== undefined) await this.#migrate();
  }

  /** The database, if it has rows of this dataset. */
  read(datasetId: number | undefined): WorkbenchDatabase | undefined {
    return datasetId !== undefined && this.datasetId === datasetId ? this.#database : undefined;
  }

  /** Runs `query` on the dataset's rows; `empty` if nothing is stored. */
  query<T>(
    { dataset_id }: DatasetRef,
    empty: T,
    query: (database: WorkbenchDatabase) => T,
  ): DatasetReply<T> {
    if (this.isSuperseded(dataset_id)) return { result: "superseded" };
    const database = this.read(dataset_id);
    return database ? this.measure(() => query(database)) : { result: empty };
  }

  /** Runs a function, and adds the numbers of rows read and written to its reply. */
  measure<T>(run: () => T): DatasetReply<T> {
    const result = run();
    return { result, rows: this.rows.take() };
  }

  /** Deletes the rows of earlier datasets, and returns the database; undefined if the dataset is superseded. */
  async write(datasetId: number): Promise<WorkbenchDatabase | undefined> {
    if (this.isSuperseded(datasetId)) return undefined;
    await this.#migrate();
    if (this.datasetId !== datasetId) {
      this.#storage.transactionSync(() => {
        for (const table of TABLES) this.#database.delete(table).run();
        this.kv.put("dataset_id", datasetId);
      });
    }
    return this.#database;
  }

  /** Runs a function whose writes commit together. */
  transaction<T>(run: () => T): T {
    return this.#storage.transactionSync(run);
  }

  /** Waits until all writes are on disk. */
  sync(): Promise<void> {
    return this.#storage.sync();
  }

  /** Deletes everything, including the tables. */
  async clear(): Promise<void> {
    this.#isMigrated = false;
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
  }

  async #migrate(): Promise<void> {
    if (this.#isMigrated) return;
    await migrate(this.#database, migrations);
    this.#isMigrated = true;
  }
}
