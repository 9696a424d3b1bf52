/** The fields in which two resources differ, whatever the order of their fields. */
export function differingFields<T extends object>(one: T, other: T): string[] {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<string & keyof T>;
  return [...fields].filter((field) => canonical(one[field]) !== canonical(other[field]));
}

/** JSON with the fields of each object sorted by name. */
function canonical(content: unknown): string | undefined {
  return JSON.stringify(content, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
