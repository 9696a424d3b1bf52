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

/** Quotes any text as one word of a POSIX shell. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Writes the amounts in a message as money: `$90.00` instead of `9000`. */
export function withMoney(message: string, amounts: Iterable<number>, currency: string): string {
  const known = new Set([...amounts].map(String));
  return message.replace(/(?<![\w.-])\d+(?![\w.])/g, (digits) =>
    known.has(digits) ? money(Number(digits), currency) : digits,
  );
}

/** Removes bracketed figures from a message, because the page shows them next to it. */
export const withoutBrackets = (message: string): string => message.replace(/ \([^)]*\)/g, "");
