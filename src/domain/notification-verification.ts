/** Verifies the signature of a notification, and finds out why it doesn't match. */
import type { BodyChange } from "./body-changes.ts";
import {
  bodyCandidates,
  signerCandidates,
  textOf,
  timeCandidates,
  type SigningToken,
} from "./notification-candidates.ts";
import {
  ageDeviation,
  noMatch,
  SIGNED_EARLIER,
  unitDeviation,
  VERIFICATION_REASONS,
  type Deviation,
  type VerificationReason,
} from "./notification-deviations.ts";
import type { NotificationFaultName } from "./notification-faults.ts";
import { parseSignature, unitOf } from "./notification-header.ts";
import { importKey, isSignatureOf, signAt } from "./notification-signature.ts";
import { DEFAULT_SIGNATURE, type SignatureSettings } from "./webhooks.ts";

export const DEFAULT_TOLERANCE_SECONDS = 300;

export interface VerifyOptions {
  /** The value of the header `X-IMPRINT-HMAC-SIGNATURE`. */
  header: string;
  /** The raw body, as the receiver verified it. */
  body: string | Uint8Array;
  /** The tokens that the receiver accepts, with the form of their signatures. */
  tokens: readonly SigningToken[];
  /** Tokens that the receiver doesn't accept, to recognize a signature with one of them. */
  other_tokens?: readonly SigningToken[] | undefined;
  /** Milliseconds since the epoch. */
  now: number;
  tolerance_seconds?: number | undefined;
  /** The body as it was sent, to report what changed. */
  sent_body?: string | undefined;
  /** The fault that the sandbox applied to the notification. */
  fault?: NotificationFaultName | undefined;
}

export interface Verification {
  valid: boolean;
  /** Null if the signature is valid. */
  reason: VerificationReason | null;
  /** The reason as a sentence, with what to change. */
  message: string;
  /** The valid header: the first token's signature over the header's `t` and this body. Absent without a `t`. */
  expected?: string;
  /** The changes of the body, the first of each kind. */
  changes?: BodyChange[];
}

export async function verifyNotification(options: VerifyOptions): Promise<Verification> {
  const { time, signature, deviation } = parseSignature(options.header);
  const deviations = deviation ? [deviation] : [];
  if (time !== undefined && signature !== undefined) {
    deviations.push(...(await signatureDeviations(time, signature, options)));
  }
  const [main] = deviations.toSorted((a, b) => rankOf(a) - rankOf(b));
  if (!main) return { valid: true, reason: null, message: "The signature is valid." };
  const expected = time === undefined ? undefined : await expectedHeader(time, options);
  const changes = deviations.flatMap((each) => each.changes ?? []);
  return {
    valid: false,
    reason: main.reason,
    message: deviations.map(({ message }) => message).join(" "),
    ...(expected !== undefined && { expected }),
    ...(changes.length > 0 && { changes }),
  };
}

const rankOf = ({ reason }: Deviation): number => VERIFICATION_REASONS.indexOf(reason);

async function expectedHeader(time: string, { tokens, body }: VerifyOptions) {
  const [first] = tokens;
  return (
    first && signAt(time, await importKey(first.token, first.key ?? DEFAULT_SIGNATURE.key), body)
  );
}

async function signatureDeviations(
  time: string,
  signature: string,
  options: VerifyOptions,
): Promise<Deviation[]> {
  const match = await findMatch(time, signature, options);
  if (!match) return [noMatch(textOf(options.body), options.sent_body)];
  return [...match.deviations, ...timeDeviations(match.time, match.timestamp, options)];
}

function timeDeviations(
  time: string,
  expected: SignatureSettings["timestamp"],
  options: VerifyOptions,
) {
  const { now, tolerance_seconds = DEFAULT_TOLERANCE_SECONDS } = options;
  const found = unitOf(time);
  const signedAt = found === "seconds" ? Number(time) * 1000 : Number(time);
  const age = ageDeviation(Math.round((now - signedAt) / 1000), tolerance_seconds);
  return [
    ...(found === expected ? [] : [unitDeviation(time, found, expected)]),
    ...(age ? [explained(age, options)] : []),
  ];
}

/** Explains an old signature if a fault backdated it. */
function explained(age: Deviation, { fault }: VerifyOptions): Deviation {
  if (age.reason !== "too_old" || fault !== "stale_signature") return age;
  return { ...age, message: `${age.message} ${SIGNED_EARLIER}` };
}

/** Checks combinations of bodies, keys and times, those with the fewest deviations first. */
async function findMatch(time: string, signature: string, options: VerifyOptions) {
  const { tokens, other_tokens = [], fault } = options;
  const signers = await signerCandidates(tokens, other_tokens, fault);
  const combinations = bodyCandidates(options.body, options.sent_body)
    .flatMap((body) => signers.map((signer) => [body, signer] as const))
    .flatMap(([body, signer]) => timeCandidates(time).map((at) => [body, signer, at] as const))
    .map((each) => ({ each, deviations: each.flatMap(({ deviation }) => deviation ?? []) }))
    .toSorted((a, b) => a.deviations.length - b.deviations.length);
  for (const { each, deviations } of combinations) {
    const [body, { value: signer }, at] = each;
    if (await isSignatureOf(signature, at.value, signer.key, body.value)) {
      return { time: at.value, timestamp: signer.timestamp, deviations };
    }
  }
  return undefined;
}
