/** What every key starts with (contract: "starts with `test_`"). */
const KEY_PREFIX = "test_";
/** 192 random bits: the house asks for 190 or more. */
const KEY_BYTES = 24;

/** A new API key: to be shown once, and kept as its hash. */
export function newSecret(): string {
  const random = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return KEY_PREFIX + random.toBase64({ alphabet: "base64url" });
}

/** The SHA-256 of a key, in hex. A slow hash would guard nothing: keys are random, not chosen. */
export async function hashOf(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return new Uint8Array(digest).toHex();
}

/** The part of a key that may be kept, to tell keys apart. */
export function lastFourOf(secret: string): string {
  return secret.slice(-4);
}
