/** A time of our own as we store and answer it: RFC 3339, to the second, in UTC with `Z`. */
export function toTimestamp(date: Date): string {
  return `${date.toJSON().slice(0, 19)}Z`;
}
