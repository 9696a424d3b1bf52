import { nearestOf } from "./nearest.ts";
import { MAX_SHOWN_CHARACTERS, shown } from "./shown.ts";
import type { Warning } from "./warnings.ts";

/** The accepted names: an object's fields, or those of a list's items. Undefined accepts any name. */
export type AcceptedNames =
  | { fields: ReadonlySet<string>; nested: readonly (readonly [string, AcceptedNames])[] }
  | { items: AcceptedNames }
  | undefined;

/** Accepts no name. */
export const NO_NAMES: AcceptedNames = { fields: new Set(), nested: [] };

/** A name that isn't among the accepted ones. `param` is its path, like `order_lines[0].reward_amount`. */
interface UnknownName extends Warning {
  code: "unknown_field" | "unknown_parameter";
  param: string;
}

/** The first unknown names in a body or query, at most `most`. An object's own names come before nested ones. */
export function findUnknownNames(
  code: UnknownName["code"],
  known: AcceptedNames,
  sent: unknown,
  most: number,
): UnknownName[] {
  return findInside(known, sent, most).map(({ path, did_you_mean }) => {
    const param = path.replace(/^\./, "");
    return did_you_mean === undefined ? { code, param } : { code, param, did_you_mean };
  });
}

/** An unknown name, with its path in the searched value, like `.name` or `[0].name`. */
interface NestedName {
  path: string;
  did_you_mean: string | undefined;
}

function findInside(known: AcceptedNames, sent: unknown, most: number): NestedName[] {
  if (!known || most === 0 || typeof sent !== "object" || sent === null) return [];
  if ("items" in known) return Array.isArray(sent) ? findInItems(known.items, sent, most) : [];
  if (Array.isArray(sent)) return [];
  const found: NestedName[] = [];
  // for…in, because it can stop early: a body can have 100,000 names. Parsed JSON inherits none.
  for (const name in sent) {
    if (known.fields.has(name)) continue;
    found.push({ path: `.${shown(name)}`, did_you_mean: nearName(name, known.fields, sent) });
    if (found.length === most) return found;
  }
  for (const [field, names] of known.nested) {
    const content = (sent as Record<string, unknown>)[field];
    addInside(found, `.${field}`, findInside(names, content, most - found.length));
  }
  return found;
}

function findInItems(known: AcceptedNames, items: unknown[], most: number): NestedName[] {
  const found: NestedName[] = [];
  for (let index = 0; index < items.length && found.length < most; index += 1) {
    const inside = findInside(known, items[index], most - found.length);
    if (inside.length > 0) addInside(found, `[${index}]`, inside);
  }
  return found;
}

function addInside(found: NestedName[], place: string, inside: NestedName[]): void {
  for (const { path, did_you_mean } of inside) found.push({ path: place + path, did_you_mean });
}

/** The closest accepted name that was not sent itself. Ignores case, `_` and `-`. */
function nearName(name: string, fields: ReadonlySet<string>, sent: object): string | undefined {
  if (name.length > MAX_SHOWN_CHARACTERS) return undefined;
  const free = [...fields].filter((field) => !Object.hasOwn(sent, field));
  return nearestOf(name, free, plainForm);
}

const plainForm = (name: string) => name.toLowerCase().replace(/[_-]/g, "");
