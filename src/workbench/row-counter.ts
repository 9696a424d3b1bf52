/** The rows that statements read and wrote. */
export interface RowCounts {
  rows_read: number;
  rows_written: number;
}

/** Counts the rows that the statements of a workbench read and write: Drizzle doesn't report them. */
export class RowCounter {
  #counts: RowCounts = { rows_read: 0, rows_written: 0 };
  /** The cursor of the last statement. Its counts are final when the next statement starts. */
  #last: Pick<SqlStorageCursor<never>, "rowsRead" | "rowsWritten"> | undefined;

  /** Wraps the parts of the storage that Drizzle uses, to count the rows. */
  counted(storage: DurableObjectStorage): DurableObjectStorage {
    const exec: SqlStorage["exec"] = (query, ...bindings) => {
      this.#addLast();
      const cursor = storage.sql.exec<never>(query, ...bindings);
      this.#last = cursor;
      return cursor;
    };
    const transactionSync: DurableObjectStorage["transactionSync"] = (run) =>
      storage.transactionSync(run);
    return { sql: { exec }, transactionSync } as DurableObjectStorage;
  }

  /** Returns the rows since the last call. */
  take(): RowCounts {
    this.#addLast();
    const taken = this.#counts;
    this.#counts = { rows_read: 0, rows_written: 0 };
    return taken;
  }

  /** Runs a function whose rows are not counted. */
  exclude(run: () => void): void {
    const before = this.take();
    try {
      run();
    } finally {
      this.take();
      this.#counts = before;
    }
  }

  #addLast(): void {
    this.#counts.rows_read += this.#last?.rowsRead ?? 0;
    this.#counts.rows_written += this.#last?.rowsWritten ?? 0;
    this.#last = undefined;
  }
}
