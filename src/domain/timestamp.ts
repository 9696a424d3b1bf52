export const DAY_MILLISECONDS = 86_400_000;

/** Formats a time as RFC 3339 to the second, in UTC with `Z`. */
export function toTimestamp(date: Date): string {
  return `${date.toJSON().slice(0, 19)}Z`;
}
