import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { DisplayString, serializeItem, Token, type BareItem } from "structured-headers";
import { addWarnings, type Warning } from "../domain/warnings.ts";
import type { AppEnv } from "./context.ts";

/** The longest header: proxies in front of a client take no more than 4 KiB or 8 KiB of all headers. */
const MAX_HEADER_CHARACTERS = 3_072;

/** Says in the header `Sandbox-Warnings` what deserves a look, on answers and refusals. What comes before the routes knows it too, in `warnings`. */
export const sendWarnings = createMiddleware<AppEnv>(async (c, next) => {
  c.set("warnings", []);
  await next();
  const warnings = c.get("warnings");
  if (warnings.length > 0) c.res.headers.set("Sandbox-Warnings", headerOf(warnings));
});

/** Notes what deserves a look. Nothing is told where nobody asks for it: outside of `sendWarnings`. */
export function warn(c: Context<AppEnv>, ...warnings: Warning[]): void {
  if (warnings.length > 0 && collectsWarnings(c)) {
    c.set("warnings", addWarnings(c.get("warnings"), warnings));
  }
}

export function collectsWarnings(c: Context<AppEnv>): boolean {
  return c.get("warnings") !== undefined;
}

/** A list of tokens with parameters (RFC 9651, 3.1). What doesn't fit at the end is left out. */
export function headerOf(warnings: readonly Warning[]): string {
  let header = "";
  for (const { code, ...about } of warnings) {
    const parameters = Object.entries(about).map(([key, text]) => [key, toBareItem(text)] as const);
    const longer = `${header && `${header}, `}${serializeItem([new Token(code), new Map(parameters)])}`;
    if (longer.length > MAX_HEADER_CHARACTERS) break;
    header = longer;
  }
  return header;
}

/** A String, or where that can't hold it a Display String. */
function toBareItem(text: string | number): BareItem {
  if (typeof text === "number") return text;
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  // Control characters are left out: of some, the package writes one digit where the RFC wants two.
  return new DisplayString(text.replace(/\p{Cc}/gu, "\ufffd"));
}
