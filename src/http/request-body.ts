import type { Context } from "hono";
import { shown } from "../domain/shown.ts";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";
import { parseJson, type ParsedJson } from "./json.ts";

/** The maximum size of a request's body. */
export const MAX_BODY_BYTES = 256 * 1024;
/** The maximum time that a client may take to send a body. */
export const UPLOAD_SECONDS = 30;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Reads a JSON body. Throws a 400 (incomplete or malformed), 408 (too slow), 413 (too large) or 415 (not JSON). */
export async function readJson(c: Context<AppEnv>): Promise<ParsedJson> {
  requireJson(c.req.raw.headers);
  const body = await readBody(c);
  if (body === "too large") {
    throw new ApiError({
      type: "PAYLOAD_TOO_LARGE_ERROR",
      message: `Expected a body of at most ${MAX_BODY_BYTES} bytes. Send less in one request.`,
    });
  }
  const text = decode(body);
  try {
    return parseJson(text);
  } catch (error) {
    throw invalidBody(`The body is not valid JSON: ${(error as Error).message}.`);
  }
}

/** The body as text; undefined if it is missing or too large. The route can still read it. */
export async function peekBody(c: Context<AppEnv>): Promise<string | undefined> {
  if (!c.req.raw.body) return undefined;
  const body = await readBody(c);
  return body === "too large" ? undefined : new TextDecoder().decode(body);
}

/** Reads the body, and caches it for later readers. */
async function readBody(c: Context<AppEnv>): Promise<ArrayBuffer | "too large"> {
  const { raw, bodyCache } = c.req;
  const length = Number(raw.headers.get("Content-Length") ?? NaN);
  if (length > MAX_BODY_BYTES) return "too large";
  try {
    if (!bodyCache.arrayBuffer && length >= 0) {
      // Later readers share the time limit.
      bodyCache.arrayBuffer = withinUploadTime(raw.arrayBuffer()) as never;
    }
    if (bodyCache.arrayBuffer || !raw.body) return await c.req.arrayBuffer();
    const body = await withinUploadTime(readChunks(raw.clone().body!));
    if (body !== "too large") bodyCache.arrayBuffer = Promise.resolve(body) as never;
    return body;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw invalidBody(
      "The body ended early, or its chunks are malformed. Send the whole request again.",
    );
  }
}

/** Waits for a body. The limit keeps a slow upload from blocking the partner's other requests. */
async function withinUploadTime<T>(body: Promise<T>): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const message = `The body did not arrive within ${UPLOAD_SECONDS} seconds. Send the whole request again.`;
  const timer = setTimeout(
    () => timeout.reject(new ApiError({ type: "REQUEST_TIMEOUT_ERROR", message })),
    UPLOAD_SECONDS * 1_000,
  );
  try {
    return await Promise.race([body, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a body of unknown length, up to the limit. */
async function readChunks(stream: ReadableStream<Uint8Array>): Promise<ArrayBuffer | "too large"> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return "too large";
    chunks.push(chunk);
  }
  return new Blob(chunks).arrayBuffer();
}

function requireJson(headers: Headers): void {
  const encoding = headers.get("Content-Encoding") ?? "identity";
  if (!/^identity$/i.test(encoding.trim())) {
    throw unsupportedMediaType(
      `Expected a body without Content-Encoding, but received Content-Encoding: ${shown(encoding)}. Send the body uncompressed.`,
    );
  }
  const type = headers.get("Content-Type");
  if (!/^application\/json\s*(;|$)/i.test(type ?? "")) {
    throw unsupportedMediaType(
      `Expected Content-Type: application/json, but received ${shown(type ?? "none")}.`,
    );
  }
}

/** Decodes a body. Throws a 400 if it isn't UTF-8: it would be stored with replacement characters. */
function decode(body: ArrayBuffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw invalidBody("The body is not valid UTF-8, the encoding of JSON (RFC 8259).");
  }
}

function invalidBody(message: string): ApiError {
  return new ApiError({ type: "INVALID_REQUEST_ERROR", message });
}

function unsupportedMediaType(message: string): ApiError {
  return new ApiError({ type: "UNSUPPORTED_MEDIA_TYPE_ERROR", message });
}
