/** The bodies, keys and times that a signature may come from: the receiver's, and others that explain a mismatch. */
import {
  bodyDeviation,
  convertedTime,
  HASHED_TOKEN,
  keyDeviation,
  OTHER_TOKEN,
  WRONG_TOKEN,
  withoutNewline,
  type Deviation,
} from "./notification-deviations.ts";
import type { NotificationFaultName } from "./notification-faults.ts";
import { unitOf } from "./notification-header.ts";
import {
  encode,
  hexDigest,
  importKey,
  type HmacKey,
  type SignatureForm,
  wrongToken,
} from "./notification-signature.ts";
import { DEFAULT_SIGNATURE, SIGNATURE_KEYS, type SignatureSettings } from "./webhooks.ts";

export interface SigningToken extends SignatureForm {
  token: string;
}

/** A value that may have been signed. Without a deviation it is the one that the receiver used. */
interface Candidate<Value> {
  value: Value;
  deviation?: Deviation;
}

/** The body as it was received, and as it may have been sent. Encoded once, for many signatures. */
export function bodyCandidates(
  body: string | Uint8Array,
  sentBody: string | undefined,
): Candidate<Uint8Array>[] {
  const value = typeof body === "string" ? encode(body) : body;
  const text = textOf(body);
  if (text === undefined) return [{ value }];
  const trimmed = withoutNewline(text);
  const sent = new Set([trimmed, `${trimmed}\n`, `${trimmed}\r\n`, ...reserialized(text)]);
  if (sentBody !== undefined) sent.add(sentBody);
  sent.delete(text);
  return [
    { value },
    ...[...sent].map((each) => ({ value: encode(each), deviation: bodyDeviation(each, text) })),
  ];
}

/** The body as the sandbox serializes it. */
function reserialized(text: string): string[] {
  try {
    return [JSON.stringify(JSON.parse(text))];
  } catch {
    return [];
  }
}

/** Undefined if the bytes aren't UTF-8. */
export function textOf(body: string | Uint8Array): string | undefined {
  if (typeof body === "string") return body;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}

interface Signer {
  key: HmacKey;
  timestamp: SignatureSettings["timestamp"];
}

/** The receiver's tokens, each in every form. The environment's other tokens and a fault's wrong ones, in one form. */
export async function signerCandidates(
  tokens: readonly SigningToken[],
  otherTokens: readonly SigningToken[],
  fault: NotificationFaultName | undefined,
): Promise<Candidate<Signer>[]> {
  const accepted = await Promise.all(tokens.map(formsOf));
  const given = new Set(tokens.map(({ token }) => token));
  const others = otherTokens.filter(({ token }) => !given.has(token));
  const signers = others.map(async (each): Promise<Candidate<Signer>> => {
    const isHashed = given.has(await hexDigest(each.token));
    return { value: await signerOf(each), deviation: isHashed ? HASHED_TOKEN : OTHER_TOKEN };
  });
  const isForged = fault === "invalid_signature";
  const forged = (isForged ? [...tokens, ...others] : []).map(async (each) => {
    const value = await signerOf({ ...each, token: wrongToken(each.token) });
    return { value, deviation: WRONG_TOKEN };
  });
  return [...accepted.flat(), ...(await Promise.all([...signers, ...forged]))];
}

/** A token in each form. Every form but the expected one is a deviation. */
function formsOf(token: SigningToken): Promise<Candidate<Signer>[]> {
  const { key: expected = DEFAULT_SIGNATURE.key } = token;
  return Promise.all(
    SIGNATURE_KEYS.map(async (key) => {
      const value = await signerOf({ ...token, key });
      return key === expected ? { value } : { value, deviation: keyDeviation(key, expected) };
    }),
  );
}

async function signerOf({ token, key, timestamp }: SigningToken): Promise<Signer> {
  return {
    key: await importKey(token, key ?? DEFAULT_SIGNATURE.key),
    timestamp: timestamp ?? DEFAULT_SIGNATURE.timestamp,
  };
}

/** `t` as the header has it, and in the other unit. */
export function timeCandidates(time: string): Candidate<string>[] {
  const converted =
    unitOf(time) === "seconds" ? `${time}000` : String(Math.floor(Number(time) / 1000));
  return [{ value: time }, { value: converted, deviation: convertedTime(converted, time) }];
}
