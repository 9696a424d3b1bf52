import type { RequestDetails } from "./requests.ts";

/** What curl says by itself, or what belongs to the connection. */
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

/**
 * The command that sends a request again, for a POSIX shell in which SANDBOX_KEY is the key. Undefined where
 * it can't be the same: its body was cut, or has a byte that no argument can have.
 */
export function curlOf(
  method: string,
  { url, request }: Pick<RequestDetails, "url" | "request">,
): string | undefined {
  const { headers, body, cut } = request;
  if (cut || body?.includes("\0")) return undefined;
  const sent = Object.entries(headers).filter(([name]) => !SET_BY_CURL.has(name));
  // Unless it is told not to, curl declares a form.
  const typeless = body !== undefined && !("content-type" in headers) ? ["-H 'Content-Type:'"] : [];
  return [
    // Without --globoff, brackets and braces in the URL would have a meaning.
    "curl --globoff",
    method === "HEAD" ? "--head" : `-X ${quote(method)}`,
    quote(url),
    '-H "Authorization: Bearer $SANDBOX_KEY"',
    // A header without content ends in a semicolon.
    ...sent.map(([name, content]) => `-H ${quote(content ? `${name}: ${content}` : `${name};`)}`),
    ...typeless,
    ...(body === undefined ? [] : [`--data-raw ${quote(body)}`]),
  ].join(" ");
}

/** One word of a POSIX shell, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
