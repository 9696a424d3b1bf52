import type { Refusal } from "./errors.ts";

/** A refusal is a value, not an exception: an exception loses its type on the way out of a Durable Object. */
export type Decision<T> = { ok: true; result: T } | { ok: false; refusal: Refusal };

export function accept<T>(result: T): { ok: true; result: T } {
  return { ok: true, result };
}

export function refuse(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}
