/** The ETag of an order's version. It is strong (RFC 9110, 8.8.3): each change creates a new version. */
export function formatETag(version: number): string {
  return `"${version}"`;
}

/**
 * The versions in an If-Match header. Undefined if the header is missing or `*`: any version matches. Weak tags, and
 * tags of another form, match no version (RFC 9110, 13.1.1).
 */
export function parseIfMatch(ifMatch: string | undefined): number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === "*") return undefined;
  return ifMatch
    .split(",")
    .map((tag) => /^"(0|[1-9]\d{0,14})"$/.exec(tag.trim())?.[1])
    .filter((version) => version !== undefined)
    .map(Number);
}
