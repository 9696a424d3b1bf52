import { maskKeys } from "./recorded-text.ts";

/** The maximum length of a received value in a message. */
export const MAX_SHOWN_CHARACTERS = 80;

/** A received value as a message shows it. Every message that repeats text of unlimited length uses this. */
export function shown(text: string): string {
  // Masked first, so that the cut leaves no half of a key in a recorded message.
  const masked = maskKeys(text);
  const start = masked.slice(0, MAX_SHOWN_CHARACTERS);
  return (start === masked ? masked : `${start}…`).toWellFormed();
}
