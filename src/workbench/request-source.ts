import type { RequestFilter } from "../domain/requests.ts";
import type { DatasetStorage } from "./database.ts";
import { listAfter } from "./request-lists.ts";
import type { RequestLog } from "./request-log.ts";
import type { StreamItem } from "./streams.ts";

/** How many requests a stream reads at a time. */
const STEP_ROWS = 100;

/** Returns a function that reads a stream's next requests: those after `after`, or without it, only new ones. */
export function requestsAfter(
  storage: DatasetStorage,
  log: RequestLog,
  {
    datasetId,
    filter,
    after,
  }: { datasetId: number; filter: RequestFilter; after?: string | undefined },
): () => Promise<StreamItem[]> {
  const latest = () => {
    const database = storage.read(datasetId);
    return database ? log.lastSequence(database, datasetId) : 0;
  };
  let last = after === undefined ? latest() : Number(after);
  return async () => {
    const database = storage.read(datasetId);
    const requests = database ? listAfter(database, filter, last, STEP_ROWS) : [];
    last = requests.length > 0 ? Number(requests.at(-1)!.id) : Math.max(last, latest());
    return requests.map((data) => ({ id: data.id, data }));
  };
}
