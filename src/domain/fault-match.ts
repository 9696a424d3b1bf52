import { pathSegments, type RequestSubject } from "./request-subject.ts";

/** Which requests a fault applies to: those that match every field. `path` is a pattern. */
export type FaultMatch = { [Name in keyof RequestSubject]?: RequestSubject[Name] | undefined };

export function matchesRequest({ path, ...match }: FaultMatch, subject: RequestSubject): boolean {
  if (path !== undefined && !matchesPath(path, subject.path)) return false;
  return Object.entries(match).every(
    ([name, value]) => value === undefined || subject[name as keyof RequestSubject] === value,
  );
}

/** Matches a path against a pattern: `:name` is any one segment, a final `*` any rest. */
export function matchesPath(pattern: string, path: string): boolean {
  const isPrefix = pattern.endsWith("*");
  const expected = pathSegments(isPrefix ? pattern.slice(0, -1) : pattern);
  const actual = pathSegments(path);
  if (isPrefix ? actual.length < expected.length : actual.length !== expected.length) return false;
  return expected.every((segment, index) => {
    const given = actual[index]!;
    if (isPrefix && index === expected.length - 1) return given.startsWith(segment);
    return /^:\w+$/.test(segment) ? given !== "" : given === segment;
  });
}
