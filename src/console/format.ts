const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string): Intl.NumberFormat {
  let format = formats.get(currency);
  if (!format) {
    try {
      format = new Intl.NumberFormat(undefined, { style: "currency", currency });
    } catch {
      format = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
    }
    formats.set(currency, format);
  }
  return format;
}

/** Converts to the major unit as text, because a division would round large amounts. */
export function money(amount: number, currency: string): string {
  const format = formatOf(currency);
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  const minor = String(Math.abs(amount)).padStart(digits + 1, "0");
  const whole = minor.slice(0, minor.length - digits);
  const sign = amount < 0 ? "-" : "";
  const decimal = digits === 0 ? whole : `${whole}.${minor.slice(-digits)}`;
  return format.format(`${sign}${decimal}` as Intl.StringNumericLiteral);
}

export const minorUnits = (amount: number, currency: string): string =>
  `${amount} in the minor unit of ${currency}`;

/** The currency of a request or an event. The API's default is USD. */
export const currencyOf = ({ content }: { content?: { currency?: string } }): string =>
  content?.currency ?? "USD";

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });
const JUST_NOW_MILLISECONDS = 5_000;

export function relativeTime(at: string, now: number): string {
  const difference = Date.parse(at) - now;
  if (Math.abs(difference) < JUST_NOW_MILLISECONDS) return "now";
  const [unit, length] = STEPS.find(([, each]) => Math.abs(difference) >= each) ?? STEPS.at(-1)!;
  return ago.format(Math.trunc(difference / length), unit);
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export const clockTime = (at: string): string => clock.format(new Date(at));

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export const dayOf = (at: string): string => day.format(new Date(at));

const long = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

export const fullTime = (at: string): string => `${long.format(new Date(at))} (${at})`;

/** `1 request`, `10,000 requests`. */
export const plural = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** Any text as one word of a POSIX shell, quoted if necessary. */
const shellWord = (text: string): string =>
  /^[\w:/.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** A curl command that reads a path of the API, or sends a body to it. */
export const curlOf = (path: string, body?: object, separator = " "): string =>
  [
    `curl ${shellWord(location.origin + path)}`,
    '-H "Authorization: Bearer $SANDBOX_KEY"',
    ...(body
      ? ['-H "Content-Type: application/json"', `-d ${shellWord(JSON.stringify(body))}`]
      : []),
  ].join(separator);

/** The words before an amount in messages of the API. Other numbers are IDs or counts. */
const AMOUNTS =
  /(?<=\b(add up to|refunds|(refund|capture|top) of|(than|exceeds|of) the|without it|but|authorized|captured|refunded) )\d+\b/g;

/** Writes the amounts in a message as money. Removes the figures in brackets: the page shows them next to the message. */
export const withMoney = (message: string, currency: string): string =>
  message
    .replace(/ \(captured [^)]*\)/, "")
    .replace(AMOUNTS, (amount) => money(Number(amount), currency));
