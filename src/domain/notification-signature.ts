/** The signature of a notification: an HMAC-SHA256 over `<t>.<raw body>`. Web Crypto only, so it runs everywhere. */

import { DEFAULT_SIGNATURE, type SignatureSettings } from "./webhooks.ts";

type SignatureKey = SignatureSettings["key"];
/** `CryptoKey`, which Node's types have no global name for. */
export type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** How a webhook signs. Default: the token itself, and milliseconds. */
export type SignatureForm = {
  [Field in keyof SignatureSettings]?: SignatureSettings[Field] | undefined;
};

export interface SignOptions extends SignatureForm {
  token: string;
  /** The raw body. */
  body: string | Uint8Array;
  /** The time of the signature, in milliseconds since the epoch. */
  at: number;
}

/** Signs a raw body, and returns the value of the header `X-IMPRINT-HMAC-SIGNATURE`. */
export async function signNotification(options: SignOptions): Promise<string> {
  const { token, body, at, key = DEFAULT_SIGNATURE.key, timestamp } = options;
  const time = String(timestamp === "seconds" ? Math.floor(at / 1000) : at);
  return signAt(time, await importKey(token, key), body);
}

/** The header's value for a key, a raw body and the text of `t`. */
export async function signAt(
  time: string,
  key: HmacKey,
  body: string | Uint8Array,
): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", key, signedBytes(time, body));
  return `t=${time},s=${toHex(new Uint8Array(signature))}`;
}

/** The token that the fault `invalid_signature` signs with. */
export const wrongToken = (token: string): string => `${token}?`;

/** Compares in constant time. `signature` is in hex. */
export async function isSignatureOf(
  signature: string,
  time: string,
  key: HmacKey,
  body: string | Uint8Array,
): Promise<boolean> {
  return crypto.subtle.verify("HMAC", key, fromHex(signature), signedBytes(time, body));
}

export async function importKey(token: string, form: SignatureKey): Promise<HmacKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = await KEY_BYTES[form](token);
  return crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign", "verify"]);
}

const KEY_BYTES: Record<SignatureKey, (token: string) => Promise<Uint8Array<ArrayBuffer>>> = {
  token: async (token) => encode(token),
  sha256: digest,
  sha256_hex: async (token) => encode(await hexDigest(token)),
};

/** The SHA-256 of a token in hex. Node 22 lacks `toHex`, which `sha256` of the Worker uses. */
export async function hexDigest(token: string): Promise<string> {
  return toHex(await digest(token));
}

async function digest(token: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encode(token)));
}

function signedBytes(time: string, body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const head = encode(`${time}.`);
  const bytes = typeof body === "string" ? encode(body) : body;
  const signed = new Uint8Array(head.length + bytes.length);
  signed.set(head);
  signed.set(bytes, head.length);
  return signed;
}

export const encode = (text: string) => new Uint8Array(new TextEncoder().encode(text));

const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const fromHex = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
