/** The same fields, all required: a function that builds such an object doesn't compile if it forgets a field. */
export type Complete<T> = { [Field in keyof Required<T>]: T[Field] };

/** The same fields without null, which means absent. */
export type WithoutNulls<T> = { [Field in keyof T]: Exclude<T[Field], null> };

/** Leaves out the fields that are null. */
export function withoutNulls<T extends object>(item: T): WithoutNulls<T> {
  const fields = Object.entries(item).filter(([, content]) => content !== null);
  return Object.fromEntries(fields) as WithoutNulls<T>;
}
