import { signal } from "@preact/signals";

const TICK_MILLISECONDS = 5_000;

/** The current time, for "3 minutes ago". */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, TICK_MILLISECONDS);
