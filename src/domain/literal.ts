/** An object as JavaScript writes it, without quotes around names. */
export function literalOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literalOf).join(", ")}]`;
  const fields = Object.entries(value).map(([name, each]) => `${name}: ${literalOf(each)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}
