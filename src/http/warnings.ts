import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { DisplayString, serializeItem, Token, type BareItem } from "structured-headers";
import { addWarnings, type Warning } from "../domain/warnings.ts";
import type { AppEnv } from "./context.ts";

/** The maximum length of `Sandbox-Warnings`. Some proxies reject responses with more than 4 KiB of headers. */
const MAX_HEADER_CHARACTERS = 3_072;

/** Sends the warnings of every response, including errors, in the header `Sandbox-Warnings`. */
export const sendWarnings = createMiddleware<AppEnv>(async (c, next) => {
  c.set("warnings", []);
  await next();
  const warnings = c.get("warnings");
  if (warnings.length > 0) c.res.headers.set("Sandbox-Warnings", headerOf(warnings));
});

/** Adds warnings to the response. Has no effect on paths without `sendWarnings`. */
export function warn(c: Context<AppEnv>, ...warnings: Warning[]): void {
  if (warnings.length > 0 && collectsWarnings(c)) {
    c.set("warnings", addWarnings(c.get("warnings"), warnings));
  }
}

function collectsWarnings(c: Context<AppEnv>): boolean {
  return c.get("warnings") !== undefined;
}

/** Formats warnings as a list of tokens with parameters (RFC 9651, 3.1). Leaves out the warnings that don't fit. */
function headerOf(warnings: readonly Warning[]): string {
  let header = "";
  for (const { code, ...about } of warnings) {
    const parameters = Object.entries(about).map(([key, text]) => [key, toBareItem(text)] as const);
    const longer = `${header && `${header}, `}${serializeItem([new Token(code), new Map(parameters)])}`;
    if (longer.length > MAX_HEADER_CHARACTERS) break;
    header = longer;
  }
  return header;
}

/** The largest Integer of RFC 9651. An amount can be larger, and is then a String. */
const MAX_INTEGER = 999_999_999_999_999;

/** An Integer of RFC 9651 for a number, a String for printable ASCII, otherwise a Display String. */
function toBareItem(text: string | number): BareItem {
  if (typeof text === "number") return text > MAX_INTEGER ? `${text}` : text;
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  // Replaces control characters: the package escapes some with one digit, where the RFC requires two.
  return new DisplayString(text.replace(/\p{Cc}/gu, "\ufffd"));
}
