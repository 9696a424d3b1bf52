import * as z from "zod";
import { MAX_MONEY } from "../domain/money.ts";

/** The longest ID, reference or Idempotency-Key. */
export const MAX_ID_CHARACTERS = 255;
/** The longest free text: a name, a line of an address. */
export const MAX_TEXT_CHARACTERS = 1_000;
/** The longest URL. */
export const MAX_URL_CHARACTERS = 2_048;

// The database can't store half a surrogate pair.
const wellFormed = (text: string) => text.isWellFormed();
const WELL_FORMED = "Expected well-formed Unicode text, without half a surrogate pair";

const EXPECTED_VISIBLE_ASCII = `Expected 1 to ${MAX_ID_CHARACTERS} visible ASCII characters, without spaces`;

/** Text that fits in a header: visible ASCII (VCHAR of RFC 5234). */
export const visibleAscii = z
  .string()
  .regex(new RegExp(`^[\\x21-\\x7e]{1,${MAX_ID_CHARACTERS}}$`), { error: EXPECTED_VISIBLE_ASCII });

/** An ID that a partner may choose. URLs can't contain `.` and `..` as a path segment, not even percent-encoded. */
export const id = visibleAscii.refine((value) => value !== "." && value !== "..", {
  error: `${EXPECTED_VISIBLE_ASCII}, other than . and ..`,
});

/** An identifier from another system. */
export const reference = z
  .string()
  .min(1)
  .max(MAX_ID_CHARACTERS)
  .refine(wellFormed, { error: WELL_FORMED });

export const text = z.string().max(MAX_TEXT_CHARACTERS).refine(wellFormed, { error: WELL_FORMED });

export const url = z.string().max(MAX_URL_CHARACTERS).refine(wellFormed, { error: WELL_FORMED });

/** An ID that the sandbox assigns by counting, in a path or a query. */
export const numericId = (of: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,14}$/, { error: `Expected the numeric ID of ${of}` })
    .meta({ type: "integer", minimum: 1, examples: [3] })
    .transform(Number);

/** An amount in the currency's minor unit, 0 to 2^53 − 1. */
export const money = z.int().min(0).max(MAX_MONEY);

const CURRENCIES = new Set(Intl.supportedValuesOf("currency"));

export const currency = z.string().refine((code) => CURRENCIES.has(code), {
  error: "Expected an ISO 4217 currency code in capital letters, like USD",
});

export const country = z.string().regex(/^[A-Z]{3}$/, {
  error: "Expected an ISO 3166-1 alpha-3 code of three capital letters, like USA",
});

// The syntax of RFC 3339, section 5.6. Date checks whether the day and time exist.
const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** A timestamp that a partner sends (RFC 3339), converted to the form we store: UTC with `Z`, no trailing zeros. */
export const timestamp = z
  .string()
  .refine((value) => toUtc(value) !== undefined, {
    error: "Expected an RFC 3339 timestamp, like 2025-02-13T19:08:07Z",
  })
  // Before the transform, because the document ignores examples that follow it.
  .meta({ format: "date-time", examples: ["2025-02-13T19:08:07Z"] })
  .transform((value) => toUtc(value)!);

/** A timestamp that only responses contain. */
export const responseTimestamp = z
  .string()
  .meta({ format: "date-time", examples: ["2025-02-13T19:08:07Z"] });

function toUtc(value: string): string | undefined {
  const [, date, time, decimals = "", zone] = RFC_3339.exec(value) ?? [];
  if (date === undefined || new Date(`${date}T${time}Z`).toJSON()?.slice(0, 10) !== date) {
    return undefined;
  }
  const seconds = new Date(`${date}T${time}${zone!.toUpperCase()}`).toJSON()?.slice(0, 19);
  // An offset can lead outside the years 0000 to 9999, the range of RFC 3339.
  if (seconds === undefined || !/^\d{4}-/.test(seconds)) return undefined;
  const significant = decimals.replace(/0+$/, "");
  return `${seconds}${significant && `.${significant}`}Z`;
}
