/** Stands for the sandbox's origin in a text that is the same for all requests. */
export const ORIGIN = "{origin}";

/** Lets clients reuse a text for a minute. */
export const CACHE_CONTROL = "public, max-age=60";

/** Splits a text once, so that inserting the origin is all that is left for a request. */
export function withOrigin(text: string): (origin: string) => string {
  const parts = text.split(ORIGIN);
  return (origin) => parts.join(origin);
}
