import type { RequestDetails } from "./requests.ts";

/** Headers that curl sets, or that belong to the connection. */
const SET_BY_CURL = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Control characters, except line feeds and tabs. */
const CONTROL = /[^\n\t\P{Cc}]/u;

/**
 * The command that sends a recorded request again, for a POSIX shell with the key in SANDBOX_KEY. `origin` is the
 * sandbox's own, because the client may have used another host. Undefined if the record differs from the request,
 * or contains a control character: in a pasted command, it could end the command and start
 * another, even inside quotes.
 */
export function curlOf(
  method: string,
  { url, request, is_exact }: Pick<RequestDetails, "url" | "request" | "is_exact">,
  origin: string,
): string | undefined {
  const { headers, body } = request;
  if (!is_exact) return undefined;
  if ([url, body ?? "", ...Object.values(headers)].some((text) => CONTROL.test(text)))
    return undefined;
  const sent = Object.entries(headers).filter(([name]) => !SET_BY_CURL.has(name));
  // Without this, curl adds a form's Content-Type to a body that came without one.
  const typeless = body !== undefined && !("content-type" in headers) ? ["-H 'Content-Type:'"] : [];
  return [
    // --globoff: brackets and braces in a URL are literal. --path-as-is: so are dots.
    "curl --globoff --path-as-is",
    method === "HEAD" ? "--head" : `-X ${quote(method)}`,
    quote(origin + url.replace(/^[^/]*\/\/[^/?#]*/, "")),
    '-H "Authorization: Bearer $SANDBOX_KEY"',
    // A header without content ends in a semicolon.
    ...sent.map(([name, content]) => `-H ${quote(content ? `${name}: ${content}` : `${name};`)}`),
    ...typeless,
    ...(body === undefined ? [] : [`--data-raw ${quote(body)}`]),
  ].join(" ");
}

/** Quotes any text as one word of a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
