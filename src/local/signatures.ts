/** Signs and verifies notifications in a test, without a sandbox. */
import * as signing from "../domain/notification-signature.ts";
import * as verification from "../domain/notification-verification.ts";
import type { Verification, Webhook } from "./environment.ts";
import { SandboxError } from "./sandbox-error.ts";

/** How a webhook signs. A `Webhook` has both properties. */
export interface SigningOptions {
  signing_token: string;
  /** Default: the token itself is the HMAC key, and `t` is in milliseconds. */
  signature?: Partial<Webhook["signature"]>;
}

export interface SignOptions extends SigningOptions {
  /** The raw body. */
  body: string | Uint8Array;
  /** The time of the signature, as a date or in milliseconds since the epoch. Default: now. */
  at?: Date | number;
}

export interface VerifyOptions extends SigningOptions {
  /** The value of the header `X-IMPRINT-HMAC-SIGNATURE`. */
  header: string;
  /** The raw body. */
  body: string | Uint8Array;
  /** The largest age of the signature, in seconds. Default: 300. */
  tolerance_seconds?: number;
  /** The time of the verification, as a date or in milliseconds since the epoch. Default: now. */
  now?: Date | number;
  /** The body as it was sent, to report what changed in `body`. */
  sent_body?: string;
}

/**
 * Signs a body as production does, and returns the value of the header `X-IMPRINT-HMAC-SIGNATURE`.
 *
 * ```ts
 * const body = JSON.stringify({ object: "TRANSACTION", data: { event_id: "event-1" } });
 * const header = await signNotification({ signing_token, body });
 * await handler(new Request(url, { method: "POST", body, headers: { "X-IMPRINT-HMAC-SIGNATURE": header } }));
 * ```
 */
export async function signNotification(options: SignOptions): Promise<string> {
  const { signing_token, signature, body, at = Date.now() } = options;
  return signing.signNotification({
    token: requireToken(signing_token),
    ...signature,
    body,
    at: Number(at),
  });
}

/**
 * Verifies a signature over the raw body. If it is invalid, returns the reason: for example, another token, a
 * reserialized body, an old signature, or a truncated header.
 *
 * ```ts
 * const { valid, reason, message } = await verifyNotification({ header, body, signing_token });
 * ```
 */
export async function verifyNotification(options: VerifyOptions): Promise<Verification> {
  const { signing_token, signature, now = Date.now(), ...rest } = options;
  const token = { token: requireToken(signing_token), ...signature };
  return verification.verifyNotification({ ...rest, tokens: [token], now: Number(now) });
}

/** An HMAC key can't be empty. */
function requireToken(token: string): string {
  if (token) return token;
  throw new SandboxError("signing_token is empty: use the token of a webhook.");
}
