/** The reasons why a signature does not match, each with its message. */
import { areHarmless, changesBetween, type BodyChange } from "./body-changes.ts";
import type { SignatureSettings } from "./webhooks.ts";

type SignatureKey = SignatureSettings["key"];
type TimestampUnit = SignatureSettings["timestamp"];

/** If several reasons apply, a verification reports the first in this order. */
export const VERIFICATION_REASONS = [
  "malformed_header",
  "cut_header",
  "folded_header",
  "trailing_newline",
  "body_reserialized",
  "body_changed",
  "other_token",
  "token_hashed",
  "timestamp_unit",
  "fault",
  "too_old",
  "in_future",
  "no_match",
] as const;
export type VerificationReason = (typeof VERIFICATION_REASONS)[number];

export interface Deviation {
  reason: VerificationReason;
  message: string;
  changes?: BodyChange[];
}

const RAW_BODY = "Verify over the raw body, before a parser reads it.";

export function bodyDeviation(sent: string, received: string): Deviation {
  if (withoutNewline(sent) === withoutNewline(received)) {
    const change =
      sent.length < received.length ? "has a newline at its end" : "lacks the newline at its end";
    return {
      reason: "trailing_newline",
      message: `The body ${change}: it was sent with ${sent.length} characters and received with ${received.length}.`,
    };
  }
  const changes = changesBetween(sent, received) ?? [];
  const list = changes.map(sentenceOf).join("; ");
  if (changes.length > 0 && areHarmless(changes)) {
    return {
      reason: "body_reserialized",
      message: `The body was parsed and serialized again: ${list}. ${RAW_BODY}`,
      changes,
    };
  }
  return {
    reason: "body_changed",
    message: `The body isn't the one that was sent${list && `: ${list}`}. ${RAW_BODY}`,
    changes,
  };
}

/** Removes the newlines at the end. A regular expression would try to match at each newline of the text. */
export function withoutNewline(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\n") end -= text[end - 2] === "\r" ? 2 : 1;
  return text.slice(0, end);
}

const NAMES: Record<BodyChange["kind"], string> = {
  whitespace: "whitespace differs",
  key_order: "the order of keys differs",
  escapes: "escapes differ",
  numbers: "a number has another form",
  fields: "a field is missing or was added",
  values: "a value differs",
};

function sentenceOf({ kind, path, sent, received }: BodyChange): string {
  const place = path === undefined ? "" : ` in ${path}`;
  if (sent === undefined && received === undefined) return NAMES[kind] + place;
  return `${NAMES[kind]}${place}: ${sent ?? "nothing"} was sent, ${received ?? "nothing"} received`;
}

const KEY_NAMES: Record<SignatureKey, string> = {
  token: "the token itself",
  sha256: "the token's SHA-256",
  sha256_hex: "the hex of the token's SHA-256",
};

export function keyDeviation(signed: SignatureKey, expected: SignatureKey): Deviation {
  return {
    reason: "token_hashed",
    message: `The signature's key is ${KEY_NAMES[signed]}, but ${KEY_NAMES[expected]} was expected.`,
  };
}

export const HASHED_TOKEN: Deviation = {
  reason: "token_hashed",
  message:
    "The given token is the SHA-256 of the token that signed the notification: use the token itself.",
};

export const OTHER_TOKEN: Deviation = {
  reason: "other_token",
  message: "The signature was made with another token.",
};

export const WRONG_TOKEN: Deviation = {
  reason: "fault",
  message:
    "The fault invalid_signature applies to this notification: the sandbox signed its first attempt with a wrong token. Reject it with 4xx. The next attempt is signed correctly.",
};

/** Added to the message about an old signature. */
export const SIGNED_EARLIER =
  "The fault stale_signature applies to this notification: the sandbox dated the signature of its first attempt ten minutes back.";

/** The header's `t` is not the one that was signed: the receiver converted its unit. */
export function convertedTime(signed: string, received: string): Deviation {
  return {
    reason: "timestamp_unit",
    message: `The signature is over t=${signed}, but the header you passed has t=${received}. Pass the header unchanged.`,
  };
}

export function unitDeviation(
  time: string,
  found: TimestampUnit,
  expected: TimestampUnit,
): Deviation {
  return {
    reason: "timestamp_unit",
    message: `t=${time} is in ${found}, but ${expected} were expected.`,
  };
}

/** Undefined within the tolerance. `seconds` is the signature's age. */
export function ageDeviation(seconds: number, tolerance: number): Deviation | undefined {
  if (seconds > tolerance) {
    const message = `The notification was signed ${seconds} seconds ago, more than the tolerance of ${tolerance}.`;
    return { reason: "too_old", message };
  }
  if (seconds < -tolerance) {
    const message = `The notification was signed ${-seconds} seconds in the future, more than the tolerance of ${tolerance}.`;
    return { reason: "in_future", message };
  }
  return undefined;
}

export function noMatch(body: string | undefined, sentBody: string | undefined): Deviation {
  const message = `No known token signed this body. Check that the token and the header belong to the notification. ${RAW_BODY}`;
  const deviation: Deviation = { reason: "no_match", message };
  if (body === undefined || sentBody === undefined || body === sentBody) return deviation;
  const { changes = [], message: difference } = bodyDeviation(sentBody, body);
  return {
    ...deviation,
    message: `${message} ${difference}`,
    ...(changes.length > 0 && { changes }),
  };
}
