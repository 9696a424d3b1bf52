/** Text from outside, made safe for a terminal: control and other invisible characters could steer it. */

const MAX_PART_CHARACTERS = 160;

/** Replaces control characters, including line breaks. */
export const withoutControls = (text: string): string => text.replace(/\p{C}+/gu, " ");

/** Replaces control characters except line breaks. */
export const printableLines = (text: string): string =>
  text.split("\n").map(withoutControls).join("\n");

/** Replaces control characters, and shortens the text. */
export function printable(content: unknown): string {
  const visible = withoutControls(String(content));
  if (visible.length <= MAX_PART_CHARACTERS) return visible;
  return `${visible.slice(0, MAX_PART_CHARACTERS)}…`;
}

/** One line of the parts, each made printable. Leaves out parts that are undefined or null. */
export const lineOf = (parts: unknown[]): string =>
  parts
    .filter((part) => part !== undefined && part !== null)
    .map(printable)
    .join("  ");

/** JSON on one line. Escapes control characters that `JSON.stringify` leaves. */
export const jsonLine = (content: unknown): string =>
  JSON.stringify(content).replace(/\p{C}/gu, (character) =>
    character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
