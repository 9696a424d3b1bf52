/** Removes control characters, which could steer the terminal. */
export const withoutControls = (text: string): string => text.replace(/\p{C}+/gu, " ");
