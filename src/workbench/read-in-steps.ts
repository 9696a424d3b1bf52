import { jsonBytesOf, MAX_PAGE_BYTES } from "../domain/stored-bytes.ts";

/** How many rows a step reads. */
const STEP_ROWS = 25;

/**
 * Reads up to `limit` rows, and stops early after more than a page's bytes: rows may be long. `read` returns the next
 * rows after a row, or the first ones.
 */
export function readInSteps<Row>(
  limit: number,
  read: (last: Row | undefined, rows: number) => Row[],
): Row[] {
  const rows: Row[] = [];
  let bytes = 0;
  while (rows.length < limit && bytes <= MAX_PAGE_BYTES) {
    const wanted = Math.min(STEP_ROWS, limit - rows.length);
    const found = read(rows.at(-1), wanted);
    for (const row of found) bytes += jsonBytesOf(row);
    rows.push(...found);
    if (found.length < wanted) break;
  }
  return rows;
}
