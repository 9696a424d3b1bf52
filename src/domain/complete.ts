/**
 * The same fields, none of which can be left out of an object literal: a field without a value has to say
 * so. A function that builds one doesn't compile when it forgets a field.
 */
export type Complete<T> = { [Field in keyof Required<T>]: T[Field] };

/** The same fields without null, which is the same as absent. */
export type WithoutNulls<T> = { [Field in keyof T]: Exclude<T[Field], null> };

/** Leaves out the fields that are null. */
export function withoutNulls<T extends object>(item: T): WithoutNulls<T> {
  const fields = Object.entries(item).filter(([, content]) => content !== null);
  return Object.fromEntries(fields) as WithoutNulls<T>;
}
