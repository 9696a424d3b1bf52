import type { Context } from "hono";
import type { AppEnv } from "./context.ts";
import { MAX_BODY_BYTES } from "./validate.ts";

/** The body as text, which stays readable for the route; undefined if it is empty or too large. */
export async function peekBody(c: Context<AppEnv>): Promise<string | undefined> {
  const { raw } = c.req;
  if (!raw.body) return undefined;
  const length = raw.headers.get("Content-Length");
  if (raw.bodyUsed || (length !== null && Number(length) <= MAX_BODY_BYTES)) {
    return new TextDecoder().decode(await c.req.arrayBuffer());
  }
  if (length !== null) return undefined;
  return peekChunkedBody(raw);
}

/** Reads a copy of a body of unknown length, up to the limit. */
async function peekChunkedBody(raw: Request): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of raw.clone().body!) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
