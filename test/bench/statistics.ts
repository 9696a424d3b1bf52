/** The value that a percentage of all values doesn't exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = Float64Array.from(values).toSorted();
  const rank = Math.ceil((percent / 100) * sorted.length) - 1;
  const value = sorted[Math.max(rank, 0)];
  if (value === undefined) throw new Error("A percentile needs at least one value");
  return value;
}

export const median = (values: readonly number[]): number => percentile(values, 50);
