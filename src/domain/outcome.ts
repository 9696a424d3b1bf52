import type { Refusal } from "./errors.ts";
import type { Warning } from "./warnings.ts";

/**
 * The outcome of a command. `replayed`: the result is that of the same request, which took effect earlier. `version`:
 * the order version that the command created.
 */
export type Outcome<T> =
  | { ok: true; result: T; replayed: boolean; warnings: Warning[]; version?: number | undefined }
  | { ok: false; refusal: Refusal };

export function executed<T>(
  result: T,
  version: number | undefined,
  warnings: Warning[] = [],
): Outcome<T> {
  return { ok: true, result, replayed: false, warnings, version };
}

export function replayed<T>(result: T, warnings: Warning[] = []): Outcome<T> {
  return { ok: true, result, replayed: true, warnings };
}
