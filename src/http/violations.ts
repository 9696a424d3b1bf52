import type * as z from "zod";
import type { UnknownName } from "../domain/unknown-names.ts";
import type { Violation } from "../domain/violation.ts";

/** The most violations that one answer lists. */
export const MAX_VIOLATIONS = 100;

/** How much of what came an answer repeats. */
const MAX_SHOWN_CHARACTERS = 80;

/** Every field that is not as it has to be, with what was expected and what came. One sentence for each field. */
export function violationsOf({ issues }: z.core.$ZodError): Violation[] {
  const byParam = Map.groupBy(issues, ({ path }) => paramOf(path));
  return [...byParam]
    .slice(0, MAX_VIOLATIONS)
    .map(([param, [first]]) => ({ param, message: messageOf(first!) }));
}

/** An unknown name as a violation, where it is one. */
export function violationOf({ code, param, did_you_mean }: UnknownName): Violation {
  const what = code === "unknown_field" ? "field" : "parameter";
  const hint = did_you_mean === undefined ? "" : ` Did you mean ${did_you_mean}?`;
  return { param, message: `There is no such ${what}.${hint}` };
}

/** A path as `order_lines[0].quantity`; Zod's own way quotes the hyphen of a header. */
function paramOf(path: PropertyKey[]): string {
  return path
    .map((key, depth) =>
      typeof key === "number" ? `[${key}]` : `${depth ? "." : ""}${String(key)}`,
    )
    .join("");
}

function messageOf({ code, message, input }: z.core.$ZodIssue): string {
  // A rule over several fields says itself what came, and so does one over their names.
  if (code === "custom" && typeof input === "object") return message;
  if (code === "unrecognized_keys") return message;
  if (input === undefined) return `${message}, but it is missing`;
  return `${message}, but received ${describeValue(input)}`;
}

/** A received value in an error message: a list or object by its kind, anything else shortened. */
export function describeValue(input: unknown): string {
  if (Array.isArray(input)) return `a list of ${input.length}`;
  if (typeof input === "object" && input !== null) return "an object";
  const text = JSON.stringify(input);
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
}

const KINDS: Record<string, string> = {
  string: "text",
  int: "a whole number",
  number: "a whole number",
  array: "a list",
  object: "an object",
};

/** What was expected, in our words where the schema has none of its own. */
export function sentenceFor(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") return `Expected ${KINDS[issue.expected] ?? issue.expected}`;
  if (issue.code === "invalid_value") return `Expected ${issue.values.map(String).join(" or ")}`;
  if (issue.code === "too_small")
    return `Expected ${bound(issue.origin, "at least", issue.minimum)}`;
  if (issue.code === "too_big") return `Expected ${bound(issue.origin, "at most", issue.maximum)}`;
  return undefined;
}

function bound(origin: string, word: string, limit: number | bigint): string {
  if (origin === "string") return `${word} ${limit} character${Number(limit) === 1 ? "" : "s"}`;
  if (origin === "array") return `a list of ${word} ${limit}`;
  return `a whole number of ${word} ${limit}`;
}
