/**
 * The fields in which two resources differ: none where they mean the same. Both have to be made by the
 * same function, so that their fields, and the fields within, come in the same order.
 */
export function differingFields<T extends object>(one: T, other: T): string[] {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<string & keyof T>;
  return [...fields].filter((field) => JSON.stringify(one[field]) !== JSON.stringify(other[field]));
}
