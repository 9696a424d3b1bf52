import { asc, getTableColumns, gte } from "drizzle-orm";
import type { ObservedRequest } from "../domain/readiness/facts.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { requests } from "./schema.ts";

const { bytes: _bytes, ...columns } = getTableColumns(requests);

/** The requests recorded since a time (milliseconds since 1970), oldest first, without their details. */
export function observeRequests(database: WorkbenchDatabase, since: number): ObservedRequest[] {
  return database
    .select(columns)
    .from(requests)
    .where(gte(requests.at, since))
    .orderBy(asc(requests.at), asc(requests.sequence))
    .all()
    .map(({ sequence, remarks, ...row }) => Object.assign(row, { id: String(sequence) }, remarks));
}
