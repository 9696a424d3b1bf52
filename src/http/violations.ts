import type * as z from "zod";
import { nearestOf } from "../domain/nearest.ts";
import { MAX_SHOWN_CHARACTERS, shown } from "../domain/shown.ts";
import type { Violation } from "../domain/violation.ts";
import type { Warning } from "../domain/warnings.ts";
import { InexactNumber } from "./json.ts";

/** The maximum number of violations in a response. */
export const MAX_VIOLATIONS = 100;

/** One violation for each invalid field, with the expected and the received value. */
export function violationsOf({ issues }: z.core.$ZodError, target: string): Violation[] {
  const byParam = Map.groupBy(issues, ({ path }) => paramOf(path));
  return [...byParam]
    .slice(0, MAX_VIOLATIONS)
    .map(([param, [first]]) => ({ param, message: messageOf(first!, target) }));
}

/** Turns a warning about a name into a violation, where a strict environment rejects it. */
export function violationOfName({ code, param = "", did_you_mean }: Warning): Violation {
  if (code === "duplicate_field") {
    return { param, message: "Expected this field once, but received it more than once" };
  }
  const kind = code === "unknown_field" ? "field" : "parameter";
  const hint = did_you_mean === undefined ? "" : ` Did you mean ${did_you_mean}?`;
  return { param, message: `This ${kind} does not exist.${hint}` };
}

/** Formats a path like `order_lines[0].quantity`. Zod's own function would quote a header's name for its hyphen. */
function paramOf(path: PropertyKey[]): string {
  const parts = path.map((key, depth) =>
    typeof key === "number" ? `[${key}]` : `${depth ? "." : ""}${String(key)}`,
  );
  return shown(parts.join(""));
}

function messageOf({ code, message, input }: z.core.$ZodIssue, target: string): string {
  if (target === "query" && Array.isArray(input)) {
    return `Expected this parameter once, but received it ${input.length} times`;
  }
  // The messages of rules about several fields, and about unknown names, are already complete.
  if (code === "custom" && typeof input === "object") return message;
  if (code === "unrecognized_keys") return shown(message);
  if (input === undefined) return `${message}, but it is missing`;
  return `${message}, but received ${describeValue(input)}`;
}

/** Describes a received value in an error message. Lists and objects are only named, and long values are shortened. */
export function describeValue(input: unknown): string {
  if (Array.isArray(input)) return `a list of ${input.length}`;
  if (typeof input === "object" && input !== null && !(input instanceof InexactNumber)) {
    return "an object";
  }
  return shown(input instanceof InexactNumber ? input.text : JSON.stringify(input));
}

const KINDS: Record<string, string> = {
  string: "text",
  int: "a whole number",
  number: "a whole number",
  array: "a list",
  object: "an object",
};

/** The message for a schema that defines no message: a sentence about the expected value. */
export function expectedSentence(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") {
    const range = issue.expected === "number" && isBeyondRange(issue.input) ? SAFE_RANGE : "";
    return `Expected ${KINDS[issue.expected] ?? issue.expected}${range}`;
  }
  if (issue.code === "invalid_value")
    return `Expected ${oneOf(issue.values.map(String), issue.input)}`;
  if (issue.code === "too_small")
    return `Expected ${bound(issue.origin, "at least", issue.minimum)}`;
  if (issue.code === "too_big") return `Expected ${bound(issue.origin, "at most", issue.maximum)}`;
  return undefined;
}

/** The maximum number of values that "or" joins. */
const MAX_ALTERNATIVES = 4;

function oneOf(values: string[], input: unknown): string {
  if (values.length <= MAX_ALTERNATIVES) return values.join(" or ");
  const isName = typeof input === "string" && input.length <= MAX_SHOWN_CHARACTERS;
  const nearest = isName ? nearestOf(input, values) : undefined;
  return nearest === undefined
    ? `one of ${values.join(", ")}`
    : `one of ${values.length} values (did you mean ${nearest}?)`;
}

const SAFE_RANGE = ` from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`;

/** Whether a whole number is too large. The message then adds the range: "a whole number" alone would confuse. */
function isBeyondRange(input: unknown): boolean {
  return input instanceof InexactNumber && !Number.isSafeInteger(Math.trunc(Number(input.text)));
}

function bound(origin: string, word: string, limit: number | bigint): string {
  if (origin === "string") return `${word} ${limit} character${Number(limit) === 1 ? "" : "s"}`;
  if (origin === "array") return `a list of ${word} ${limit}`;
  return `a whole number of ${word} ${limit}`;
}
