/** The ETag of an order's version: strong, as each change makes another version (RFC 9110, 8.8.3). */
export function formatETag(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that an If-Match header names; undefined where any will do: without the header, or
 * with `*`. Weak and foreign tags match nothing (RFC 9110, 13.1.1).
 */
export function parseIfMatch(ifMatch: string | undefined): number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === "*") return undefined;
  return ifMatch
    .split(",")
    .map((tag) => /^"(0|[1-9]\d{0,14})"$/.exec(tag.trim())?.[1])
    .filter((version) => version !== undefined)
    .map(Number);
}
