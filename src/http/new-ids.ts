import { sha256 } from "../domain/sha256.ts";

let latest = 0;

/** A time-ordered UUID (RFC 9562, version 7). It sorts after all earlier ones of this isolate. */
export function timeOrderedId(now: number): string {
  latest = Math.max(now, latest + 1);
  const time = latest.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

/** A network transaction ID like Visa's: 15 digits. */
export function newNetworkTransactionId(): string {
  const [random] = crypto.getRandomValues(new BigUint64Array(1));
  return String(random! % 10n ** 15n).padStart(15, "0");
}

/** A UUID that is always the same for the same text. */
export async function derivedId(text: string): Promise<string> {
  return (await sha256(text)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, "$1-$2-$3-$4-$5");
}

const SIGNING_TOKEN_BYTES = 32;

/** A token that signs the notifications of a webhook. */
export function newSigningToken(): string {
  return crypto.getRandomValues(new Uint8Array(SIGNING_TOKEN_BYTES)).toHex();
}
