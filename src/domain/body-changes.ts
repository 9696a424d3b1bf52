/** Compares two JSON texts token by token, to report what a parser and serializer changed. */
import { shown } from "./shown.ts";

export const BODY_CHANGES = [
  "whitespace",
  "key_order",
  "escapes",
  "numbers",
  "fields",
  "values",
] as const;

export interface BodyChange {
  kind: (typeof BODY_CHANGES)[number];
  /** The first place with such a change. Absent for whitespace, and for the order of the outermost keys. */
  path?: string;
  /** As it was sent. Absent for an added field, and for whitespace. */
  sent?: string;
  /** As it was received. Absent for a missing field, and for whitespace. */
  received?: string;
}

/** Changes that leave the JSON's meaning as it is. */
const HARMLESS: ReadonlySet<string> = new Set(["whitespace", "key_order", "escapes", "numbers"]);

/** A JSON text, taken apart without interpreting it. */
interface Outline {
  /** All whitespace between tokens. */
  whitespace: string;
  /** The keys of each object in their order, by the object's path. */
  keys: Map<string, string[]>;
  /** By path: the text of each string, number and literal; `{}` or `[]` for an empty object or array. */
  leaves: Map<string, string>;
}

const TOKEN = /\s+|[{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+/g;
/** Texts with longer paths in total aren't compared: each level and each long key makes all paths below it longer. */
const MAX_PATH_CHARACTERS = 4_000_000;

/** The first change of each kind, or undefined if one of the texts isn't JSON. */
export function changesBetween(sent: string, received: string): BodyChange[] | undefined {
  const before = outlineOf(sent);
  const after = outlineOf(received);
  if (!before || !after) return undefined;
  const changes = [
    ...(before.whitespace === after.whitespace ? [] : [{ kind: "whitespace" } as const]),
    ...keyOrderChanges(before, after),
    ...leafChanges(before, after),
  ];
  return BODY_CHANGES.flatMap((kind) => changes.find((change) => change.kind === kind) ?? []);
}

/** Whether the changes left the JSON's meaning as it is. */
export function areHarmless(changes: readonly BodyChange[]): boolean {
  return changes.every(({ kind }) => HARMLESS.has(kind));
}

function keyOrderChanges(before: Outline, after: Outline): BodyChange[] {
  return [...before.keys].flatMap(([path, keys]) => {
    const others = after.keys.get(path) ?? [];
    const [sentKeys, receivedKeys] = [new Set(keys), new Set(others)];
    const sent = keys.filter((key) => receivedKeys.has(key)).join(", ");
    const received = others.filter((key) => sentKeys.has(key)).join(", ");
    if (sent === received) return [];
    return [{ kind: "key_order", ...shownTexts({ path: path || undefined, sent, received }) }];
  });
}

/** The first change of each kind. */
function leafChanges(before: Outline, after: Outline): BodyChange[] {
  const changes = new Map<BodyChange["kind"], BodyChange>();
  for (const path of new Set([...before.leaves.keys(), ...after.leaves.keys()])) {
    const sent = before.leaves.get(path);
    const received = after.leaves.get(path);
    if (sent === received) continue;
    const kind = kindOf(sent, received);
    if (!changes.has(kind)) changes.set(kind, { kind, ...shownTexts({ path, sent, received }) });
  }
  return [...changes.values()];
}

function kindOf(sent: string | undefined, received: string | undefined): BodyChange["kind"] {
  if (sent === undefined || received === undefined) return "fields";
  if (JSON.parse(sent) !== JSON.parse(received)) return "values";
  return sent.startsWith('"') ? "escapes" : "numbers";
}

function shownTexts(texts: Record<"path" | "sent" | "received", string | undefined>) {
  const given = Object.entries(texts).filter(([, text]) => text !== undefined);
  return Object.fromEntries(given.map(([name, text]) => [name, shown(text!)]));
}

function outlineOf(text: string): Outline | undefined {
  if (!isJson(text)) return undefined;
  const outline: Outline = { whitespace: "", keys: new Map(), leaves: new Map() };
  const cursor = new Cursor();
  const tokens: string[] = [];
  for (const token of text.match(TOKEN) ?? []) {
    if (token.trim() === "") outline.whitespace += token;
    else tokens.push(token);
  }
  let pathCharacters = 0;
  for (const [position, token] of tokens.entries()) {
    pathCharacters += cursor.path.length;
    if (pathCharacters > MAX_PATH_CHARACTERS) return undefined;
    if (token === "{" || token === "[") {
      if (token === "{") outline.keys.set(cursor.path, []);
      cursor.open(token);
    } else if (token === "}" || token === "]") {
      cursor.close();
      const opening = tokens[position - 1] ?? "";
      if ("{[".includes(opening)) outline.leaves.set(cursor.path, opening + token);
    } else if (token === ",") {
      cursor.next();
    } else if (tokens[position + 1] === ":") {
      const key = JSON.parse(token) as string;
      outline.keys.get(cursor.parent)?.push(key);
      cursor.enter(key);
    } else if (token !== ":") {
      outline.leaves.set(cursor.path, token);
    }
  }
  return outline;
}

/** The path of the current token, such as `data.merchant.name` or `data.tags[0]`. */
class Cursor {
  path = "";
  readonly #open: { path: string; index: number; isArray: boolean }[] = [];

  /** The path of the object or array around the current token. */
  get parent(): string {
    return this.#open.at(-1)?.path ?? "";
  }

  open(token: "{" | "["): void {
    this.#open.push({ path: this.path, index: 0, isArray: token === "[" });
    if (token === "[") this.path += "[0]";
  }

  close(): void {
    this.path = this.#open.pop()?.path ?? "";
  }

  /** Moves to the next item of an array. In an object, `enter` moves to the next key. */
  next(): void {
    const top = this.#open.at(-1);
    if (!top?.isArray) return;
    top.index += 1;
    this.path = `${top.path}[${top.index}]`;
  }

  enter(key: string): void {
    this.path = this.parent ? `${this.parent}.${key}` : key;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
