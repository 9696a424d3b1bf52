import { shown } from "../domain/shown.ts";

/** A number that is not whole, or too large to be exact. Schemas reject it; messages repeat its text as sent. */
export class InexactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export interface ParsedJson {
  content: unknown;
  /** The fields that an object contains more than once, like `order_lines[0].quantity`. Their last value counts. */
  duplicates: string[];
}

/** The maximum number and depth of the duplicate fields that are reported. */
const MAX_DUPLICATES = 100;
const MAX_DEPTH = 8;

/** Matches a number that may be inexact: with 16 or more digits, a fraction or an exponent. */
const UNUSUAL_NUMBER = /[:,[]\s*-?(?:\d{16}|\d+[.eE])/;

/**
 * Like JSON.parse, but returns inexact numbers as `InexactNumber` and reports duplicate fields. Most bodies have
 * neither, and need only JSON.parse and two quick searches.
 */
export function parseJson(text: string): ParsedJson {
  const content: unknown = JSON.parse(text);
  // Also counts a quote and a colon in a string. Then the slow path runs, with the same result.
  const names = text.match(/"\s*:/g)?.length ?? 0;
  if (names === countNames(content) && !UNUSUAL_NUMBER.test(text)) {
    return { content, duplicates: [] };
  }
  return parseTokens(text);
}

/** Counts the fields of all objects. Without recursion, because a body can nest 100,000 lists. */
function countNames(content: unknown): number {
  let count = 0;
  const pending = [content];
  while (pending.length > 0) {
    const item = pending.pop();
    if (typeof item !== "object" || item === null) continue;
    const values: unknown[] = Object.values(item);
    if (!Array.isArray(item)) count += values.length;
    for (const value of values) if (typeof value === "object") pending.push(value);
  }
  return count;
}

interface Frame {
  container: unknown[] | Record<string, unknown>;
  name: string;
  awaitsValue: boolean;
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]|[^\s,:[\]{}"]+/g;

/** Parses valid JSON token by token. */
function parseTokens(text: string): ParsedJson {
  const root: unknown[] = [];
  const frames: Frame[] = [{ container: root, name: "", awaitsValue: false }];
  const duplicates: string[] = [];
  for (const [token] of text.matchAll(TOKENS)) {
    const frame = frames.at(-1)!;
    if (token === "]" || token === "}") {
      frames.pop();
    } else if (!Array.isArray(frame.container) && !frame.awaitsValue) {
      frame.name = JSON.parse(token) as string;
      frame.awaitsValue = true;
      const isReported = frames.length <= MAX_DEPTH && duplicates.length < MAX_DUPLICATES;
      if (isReported && Object.hasOwn(frame.container, frame.name)) duplicates.push(pathOf(frames));
    } else {
      const value = valueOf(token);
      addTo(frame, value);
      if (token === "[" || token === "{") {
        frames.push({ container: value as Frame["container"], name: "", awaitsValue: false });
      }
    }
  }
  return { content: root[0], duplicates: [...new Set(duplicates)] };
}

function valueOf(token: string): unknown {
  if (token === "[") return [];
  if (token === "{") return {};
  const value: unknown = JSON.parse(token);
  return typeof value === "number" && !isSafeWhole(token) ? new InexactNumber(token) : value;
}

function addTo(frame: Frame, value: unknown): void {
  const { container, name } = frame;
  if (Array.isArray(container)) container.push(value);
  // Assigning to `__proto__` would set the prototype.
  else Object.defineProperty(container, name, { ...PLAIN, value });
  frame.awaitsValue = false;
}

const PLAIN = { configurable: true, enumerable: true, writable: true };

function pathOf(frames: Frame[]): string {
  const parts = frames.slice(1).map(({ container, name }, depth) => {
    if (Array.isArray(container)) return `[${container.length - 1}]`;
    return `${depth ? "." : ""}${name}`;
  });
  return shown(parts.join(""));
}

/** Whether a JSON number, such as `1.0` or `5e3`, is whole and within ±(2^53 − 1). */
function isSafeWhole(text: string): boolean {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const digits = whole + fraction;
  let start = 0;
  let end = digits.length;
  while (digits[start] === "0") start += 1;
  if (start === end) return true;
  while (digits[end - 1] === "0") end -= 1;
  const zeros = Number(exponent) - fraction.length + digits.length - end;
  if (zeros < 0 || end - start + zeros > 16) return false;
  return BigInt(digits.slice(start, end) + "0".repeat(zeros)) <= Number.MAX_SAFE_INTEGER;
}

/** JSON without `InexactNumber`, for content that no schema limits. */
export function plainJson(content: unknown): unknown {
  const text = JSON.stringify(content, (_, value: unknown) =>
    value instanceof InexactNumber ? Number(value.text) : value,
  );
  return JSON.parse(text);
}
