/**
 * The fields in which two resources differ: none where they mean the same. The fields within a field have
 * to come in the same order in both.
 */
export function differingFields<T extends object>(one: T, other: T): string[] {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<string & keyof T>;
  return [...fields].filter((field) => JSON.stringify(one[field]) !== JSON.stringify(other[field]));
}
