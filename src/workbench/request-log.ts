import { MIN_RECORDED_BYTES, type NewRequest } from "../domain/requests.ts";
import { ByteLimit } from "./byte-limit.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { deleteSurplus, insertRequests, readTotals, type RequestTotals } from "./requests.ts";

/** Writes a workbench's requests within their limits, and caches their totals. */
export class RequestLog {
  readonly #byteLimit = new ByteLimit();
  /** Undefined until the rows are counted. */
  #cache: { dataset_id: number; totals: RequestTotals } | undefined;

  /** Whether the requests take more bytes than the minimum that every environment may store. */
  get exceedsMinimum(): boolean {
    return (this.#cache?.totals.bytes ?? 0) > MIN_RECORDED_BYTES;
  }

  insert(database: WorkbenchDatabase, datasetId: number, requests: NewRequest[]): void {
    insertRequests(database, this.#totalsOf(database, datasetId), requests, Date.now());
  }

  /** The sequence of the dataset's newest request. */
  lastSequence(database: WorkbenchDatabase, datasetId: number): number {
    return this.#totalsOf(database, datasetId).last;
  }

  /** The limit for all stored bytes. `otherBytes` are those stored besides requests. */
  readByteLimit(
    env: Cloudflare.Env,
    database: WorkbenchDatabase,
    datasetId: number,
    otherBytes: number,
  ) {
    const { bytes } = this.#totalsOf(database, datasetId);
    return this.#byteLimit.read(env, datasetId, bytes + otherBytes);
  }

  /** Deletes the oldest requests beyond the limits. */
  deleteSurplus(database: WorkbenchDatabase, datasetId: number, maxBytes: number): void {
    deleteSurplus(database, this.#totalsOf(database, datasetId), maxBytes);
  }

  /** Clears the cached totals, after rows were deleted elsewhere. */
  recount(): void {
    this.#cache = undefined;
  }

  #totalsOf(database: WorkbenchDatabase, datasetId: number): RequestTotals {
    if (this.#cache?.dataset_id !== datasetId) {
      this.#cache = { dataset_id: datasetId, totals: readTotals(database) };
    }
    return this.#cache.totals;
  }
}
