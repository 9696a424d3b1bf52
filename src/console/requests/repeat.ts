import { findRecorded, Problem, send, type RequestDetails } from "../api.ts";

/** The headers that change a response. The browser or the network sets the others. */
const REPEATED_HEADERS =
  /^(accept|content-type|idempotency-key|if-match|if-none-match|sandbox-(?!console).*)$/;
const MAX_RECORDING_MILLISECONDS = 3_000;

/** Sends a recorded request again. Returns the ID of the new recorded request. */
export async function repeatRequest(original: RequestDetails): Promise<string> {
  const { method, path, query, request } = original;
  const headers = Object.entries(request.headers).filter(([name]) => REPEATED_HEADERS.test(name));
  const url = location.origin + (query ? `${path}?${query}` : path);
  // A browser resolves dot segments and backslashes: the URL could become that of another operation.
  if (new URL(url).href !== url) {
    throw new Problem("URL", "A browser can't send this URL.");
  }
  const response = await send(method, url, Object.fromEntries(headers), request.body);
  const request_id = response.headers.get("X-Request-Id") ?? "";
  const id = await findRecorded(request_id, Date.now() + MAX_RECORDING_MILLISECONDS);
  if (id === undefined) {
    throw new Problem(
      "NOT_RECORDED",
      `The sandbox returned ${response.status}, but has not recorded the request yet.`,
    );
  }
  return id;
}
