/** Text from a partner, made safe to print. */

const MAX_PART_CHARACTERS = 160;

/** Removes control characters, which could steer the terminal. */
export const withoutControls = (text: string): string => text.replace(/\p{C}+/gu, " ");

/** Shortens text that a partner may have sent, and removes control characters. */
export function printable(text: string): string {
  const visible = withoutControls(text);
  if (visible.length <= MAX_PART_CHARACTERS) return visible;
  return `${visible.slice(0, MAX_PART_CHARACTERS)}…`;
}
