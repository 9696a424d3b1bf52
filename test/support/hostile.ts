/** Values that break servers, for fields, URLs and headers. */
import * as fc from "fast-check";

const sql = fc.constantFrom(
  "'; DROP TABLE orders; --",
  "' OR '1'='1",
  "1) UNION SELECT hash FROM api_keys --",
  '"; DELETE FROM order_events; --',
  "%' ESCAPE '\\",
);
const strange = fc.constantFrom<unknown>(
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udfff x",
  "\u202e",
  "\ufeff",
  "😀".repeat(200),
  "x".repeat(300),
  "x".repeat(100_000),
  "__proto__",
  "constructor",
  -0,
  -1,
  0.1,
  1e21,
  2 ** 53,
  Number.MIN_SAFE_INTEGER,
  1e308,
  null,
  true,
  [],
  {},
  [[]],
  { toString: 1, valueOf: null },
);

/** A JSON value that a field rarely has. */
export const hostile = fc.oneof(
  sql,
  strange,
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: "binary" }),
);

/** A valid body with invalid values in some fields. */
export const spoiled = (body: object, fields: string[]) =>
  fc
    .dictionary(fc.constantFrom(...fields, "__proto__", "constructor", "unknown"), hostile, {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    })
    .map((spoils) => Object.assign({}, body, spoils));

const text = fc.oneof(
  sql,
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.constantFrom(
    "victim",
    "known",
    "x".repeat(5000),
    "%",
    "%00",
    "%ff",
    "%ud800",
    "..",
    "../../keys",
    "*",
  ),
);

/** A part of a path or query, percent-encoded unless it already is. */
export const inUrl = text.map((each) =>
  each.startsWith("%") ? each : encodeURIComponent(each.toWellFormed()),
);

/** A malformed or unassigned numeric ID. */
export const numberInUrl = fc.constantFrom(
  "",
  "0",
  "-1",
  "+1",
  "01",
  "1.0",
  "1e0",
  "0x1",
  "%201",
  "1%00",
  "%D9%A1",
  "NaN",
  "Infinity",
  "9007199254740993",
  "9".repeat(15),
  "9".repeat(400),
);

/** A header value that `fetch` accepts. */
export const headerValue = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from("abcXYZ019 \"',;=:%/\\*\t!é")), maxLength: 60 }),
  fc.constantFrom(
    "x".repeat(20_000),
    "'; DROP TABLE orders; --",
    '"1"',
    "W/",
    '""',
    '"99999999999999999999"',
    "*, *",
  ),
);
