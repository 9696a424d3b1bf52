/** What every key starts with (contract: "starts with `test_`"). */
export const KEY_PREFIX = "test_";
/** 192 random bits: the house asks for 190 or more. */
const KEY_BYTES = 24;

/** A random API key: to be shown once, and kept as its hash. */
export function newSecret(): string {
  return toSecret(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/**
 * A new API key from the key that asks for it and a random nonce. Asked again with that key, it can be
 * answered again; from what is stored, which is the nonce and hashes, it can't be told.
 */
export async function deriveSecret(from: string, nonce: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(from), algorithm, false, [
    "sign",
  ]);
  const signature = await crypto.subtle.sign(algorithm, key, encoder.encode(nonce));
  return toSecret(new Uint8Array(signature, 0, KEY_BYTES));
}

function toSecret(bytes: Uint8Array): string {
  return KEY_PREFIX + bytes.toBase64({ alphabet: "base64url" });
}

/** The SHA-256 of a key, in hex. A slow hash would guard nothing: keys are random, not chosen. */
export async function hashOf(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return new Uint8Array(digest).toHex();
}

/** What is kept of a key: its hash, and its end, to tell keys apart. */
export async function keptOf(secret: string): Promise<{ hash: string; last_four: string }> {
  return { hash: await hashOf(secret), last_four: secret.slice(-4) };
}
