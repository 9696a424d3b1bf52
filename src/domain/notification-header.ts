/** The header `X-IMPRINT-HMAC-SIGNATURE`: `t=<time>,s=<hex>`. */
import type { Deviation } from "./notification-deviations.ts";
import { shown } from "./shown.ts";
import type { SignatureSettings } from "./webhooks.ts";

interface ParsedSignature {
  /** The digits of `t`, if the header has them. */
  time?: string;
  /** The 64 hex digits of `s`, if the header has all of them. */
  signature?: string;
  /** The problem with the header. A folded header still has both parts. */
  deviation?: Deviation;
}

const SIGNATURE_DIGITS = 64;
const COMPLETE = /^t=(\d{1,16}),s=([\da-f]{64})$/i;
/** A header without its end, or one that was split at its comma. */
const START = /^t=(\d*)(?:,(?:s(?:=([\da-f]*))?)?)?$/i;
const END = /^s=[\da-f]*$/i;

export function parseSignature(header: string): ParsedSignature {
  const trimmed = header.trim();
  const unfolded = trimmed.replace(/\s+/g, "");
  const [, time, signature] = COMPLETE.exec(unfolded) ?? [];
  if (time !== undefined && signature !== undefined) {
    if (unfolded === trimmed) return { time, signature };
    const message = `The header was folded or joined on the way: without its whitespace it is ${unfolded}.`;
    return { time, signature, deviation: { reason: "folded_header", message } };
  }
  const [start, digits, part] = START.exec(unfolded) ?? [];
  if (start !== undefined && (part?.length ?? 0) < SIGNATURE_DIGITS) {
    const message = `The header is cut: it has ${part?.length ?? 0} of the ${SIGNATURE_DIGITS} digits of s. Some frameworks split a header at its commas.`;
    return { ...(digits && { time: digits }), deviation: { reason: "cut_header", message } };
  }
  if (unfolded === "" || END.test(unfolded)) {
    const message = `The header is cut: it lacks t. Some frameworks split a header at its commas.`;
    return { deviation: { reason: "cut_header", message } };
  }
  const message = `Expected a header like t=1764072000000,s= with ${SIGNATURE_DIGITS} hex digits, but received ${shown(trimmed)}.`;
  return { deviation: { reason: "malformed_header", message } };
}

/** Since 1973, milliseconds have at least this many digits. Seconds have fewer until the year 5138. */
const MILLISECONDS_DIGITS = 12;

export const unitOf = (time: string): SignatureSettings["timestamp"] =>
  time.length < MILLISECONDS_DIGITS ? "seconds" : "milliseconds";
