import { sha256 } from "../domain/hash.ts";

/** What every key starts with (contract: "starts with `test_`"). */
export const KEY_PREFIX = "test_";

/**
 * 192 random bits: the house asks for 190 or more. They are 32 characters, and the signature 43. Two bits of
 * the last one say nothing, and are 0: with others there, three more spellings would verify.
 */
const RANDOM_BYTES = 24;
const SIGNED_KEY = new RegExp(`^${KEY_PREFIX}([\\w-]{32})([\\w-]{42}[AEIMQUYcgkosw048])$`);

const HMAC = { name: "HMAC", hash: "SHA-256" };
const encode = (text: string) => new TextEncoder().encode(text);
const toText = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

/**
 * A random API key, to be shown once. Under a KEY_SECRET (the first of several with commas between) it is
 * signed, so that a key that nobody made is told without a query.
 */
export async function newApiKey(keySecret: string | undefined): Promise<string> {
  const random = toText(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
  const [signing] = signingSecretsOf(keySecret);
  if (signing === undefined) return KEY_PREFIX + random;
  const signature = await crypto.subtle.sign(HMAC, await hmacKey(signing), encode(random));
  return KEY_PREFIX + random + toText(new Uint8Array(signature));
}

/** Whether a key was signed with one of the secrets. */
export async function isSigned(key: string, keySecret: string): Promise<boolean> {
  const [, random, signature] = SIGNED_KEY.exec(key) ?? [];
  if (random === undefined || signature === undefined) return false;
  const bytes = Uint8Array.fromBase64(signature, { alphabet: "base64url" });
  for (const secret of signingSecretsOf(keySecret)) {
    if (await crypto.subtle.verify(HMAC, await hmacKey(secret), bytes, encode(random))) return true;
  }
  return false;
}

function signingSecretsOf(keySecret: string | undefined): string[] {
  return (keySecret ?? "").split(",").filter((secret) => secret !== "");
}

const hmacKeys = new Map<string, Promise<CryptoKey>>();

/** Imported once in the life of an isolate. */
function hmacKey(secret: string): Promise<CryptoKey> {
  const imported =
    hmacKeys.get(secret) ??
    crypto.subtle.importKey("raw", encode(secret), HMAC, false, ["sign", "verify"]);
  hmacKeys.set(secret, imported);
  return imported;
}

/** What is stored of a key: its hash, and its end, to tell keys apart. A slow hash would guard nothing: keys are random. */
export async function hashApiKey(key: string): Promise<{ hash: string; last_four: string }> {
  return { hash: await sha256(key), last_four: key.slice(-4) };
}
