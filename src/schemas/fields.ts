import * as z from "zod";
import { MAX_MONEY } from "../domain/money.ts";

/** The longest id, reference or Idempotency-Key. */
export const MAX_ID_CHARACTERS = 255;
/** The longest free text: a name, a line of an address. */
export const MAX_TEXT_CHARACTERS = 1_000;
/** The longest URL. */
export const MAX_URL_CHARACTERS = 2_048;

/** Half of a surrogate pair is no character: the database could not give it back as it came. */
const wellFormed = (text: string) => text.isWellFormed();
const WELL_FORMED = "Expected well-formed Unicode text, without half a surrogate pair";

/** An id that can be chosen: 1 to 255 visible characters (VCHAR of RFC 5234), so that it fits in a path and a header. */
export const id = z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${MAX_ID_CHARACTERS}}$`), {
  error: `Expected 1 to ${MAX_ID_CHARACTERS} visible ASCII characters, without spaces`,
});

/** An identifier from elsewhere, which the sandbox only keeps and finds. */
export const reference = z
  .string()
  .min(1)
  .max(MAX_ID_CHARACTERS)
  .refine(wellFormed, { error: WELL_FORMED });

export const text = z.string().max(MAX_TEXT_CHARACTERS).refine(wellFormed, { error: WELL_FORMED });

export const url = z.string().max(MAX_URL_CHARACTERS).refine(wellFormed, { error: WELL_FORMED });

/** A number that we give, as a path or a query carries it; `what` it is the number of. */
export const numericId = (what: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,14}$/, { error: `Expected the number of ${what}` })
    .meta({ type: "integer", minimum: 1, pattern: undefined, examples: [3] })
    .transform(Number);

/** An amount in the currency's minor unit, 0 to 2^53 − 1. */
export const money = z.int().min(0).max(MAX_MONEY);

const CURRENCIES = new Set(Intl.supportedValuesOf("currency"));

export const currency = z
  .string()
  .refine((code) => CURRENCIES.has(code), {
    error: "Expected the ISO 4217 code of a currency, in capital letters, like USD",
  })
  .meta({ pattern: "^[A-Z]{3}$" });

export const country = z.string().regex(/^[A-Z]{3}$/, {
  error: "Expected an ISO 3166-1 alpha-3 code of three capital letters, like USA",
});

// The form of RFC 3339, section 5.6; whether there is such a day and time is asked of Date.
const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** A timestamp of a partner (RFC 3339), in the one form that we store and answer: UTC with `Z`, without zeros at the end of its decimals. */
export const timestamp = z
  .string()
  .refine((value) => toUtc(value) !== undefined, {
    error: "Expected an RFC 3339 timestamp, like 2025-02-13T19:08:07Z",
  })
  .transform((value) => toUtc(value)!)
  .meta({ format: "date-time" });

/** A timestamp that is only answered. */
export const responseTimestamp = z
  .string()
  .meta({ format: "date-time", examples: ["2025-02-13T19:08:07Z"] });

function toUtc(value: string): string | undefined {
  const [, date, time, decimals = "", zone] = RFC_3339.exec(value) ?? [];
  if (date === undefined || new Date(`${date}T${time}Z`).toJSON()?.slice(0, 10) !== date) {
    return undefined;
  }
  const seconds = new Date(`${date}T${time}${zone!.toUpperCase()}`).toJSON()?.slice(0, 19);
  // An offset can lead out of the years 0000 to 9999, which RFC 3339 ends at.
  if (seconds === undefined || !/^\d{4}-/.test(seconds)) return undefined;
  const significant = decimals.replace(/0+$/, "");
  return `${seconds}${significant && `.${significant}`}Z`;
}
