import { sha256 } from "../domain/sha256.ts";

/** The prefix of every key, as the contract publishes it. */
export const KEY_PREFIX = "test_";

/**
 * 192 random bits as 32 characters, then the signature as 43. The last character has 6 bits, and the signature needs 4
 * of them. The other 2 must be 0: otherwise four spellings of each key would verify.
 */
const RANDOM_BYTES = 24;
const SIGNED_KEY = new RegExp(`^${KEY_PREFIX}([\\w-]{32})([\\w-]{42}[AEIMQUYcgkosw048])$`);

const HMAC = { name: "HMAC", hash: "SHA-256" };
const encode = (text: string) => new TextEncoder().encode(text);
const toText = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

/** Generates a random API key. Signed with the first secret, if any, so that a forged key is rejected without a query. */
export async function generateApiKey(keySecrets: readonly string[]): Promise<string> {
  const random = toText(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
  const [current] = keySecrets;
  if (current === undefined) return KEY_PREFIX + random;
  const signature = await crypto.subtle.sign(HMAC, await hmacKeyOf(current), encode(random));
  return KEY_PREFIX + random + toText(new Uint8Array(signature));
}

/** Whether a key was signed with one of the secrets. */
export async function isSigned(key: string, keySecrets: readonly string[]): Promise<boolean> {
  const [, random, signature] = SIGNED_KEY.exec(key) ?? [];
  if (random === undefined || signature === undefined) return false;
  const bytes = Uint8Array.fromBase64(signature, { alphabet: "base64url" });
  for (const secret of keySecrets) {
    const hmacKey = await hmacKeyOf(secret);
    if (await crypto.subtle.verify(HMAC, hmacKey, bytes, encode(random))) return true;
  }
  return false;
}

const hmacKeys = new Map<string, CryptoKey>();

/** Imports a secret once per isolate. A failed import is not cached. */
async function hmacKeyOf(secret: string): Promise<CryptoKey> {
  const known = hmacKeys.get(secret);
  if (known) return known;
  const imported = await crypto.subtle.importKey("raw", encode(secret), HMAC, false, [
    "sign",
    "verify",
  ]);
  hmacKeys.set(secret, imported);
  return imported;
}

/**
 * The stored form of a key: its hash, and its last characters, which identify it in a list. Keys are random, so a slow
 * hash would add no security.
 */
export async function hashApiKey(key: string): Promise<{ hash: string; last_four: string }> {
  return { hash: await sha256(key), last_four: key.slice(-4) };
}
