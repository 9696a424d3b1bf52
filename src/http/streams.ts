import { MAX_PARTNER_STREAMS, STREAM_LEASE_SECONDS } from "../workbench/partner-streams.ts";
import { MAX_STREAMS } from "../workbench/streams.ts";
import type { Context } from "hono";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** Describes the limits on streams in the API reference. */
export const STREAM_LIMITS = `At most ${MAX_STREAMS} streams of an environment, and ${MAX_PARTNER_STREAMS} of a partner, are open at a time. A stream ends when its key is revoked, or when the environment expires or is reset.`;

/** The watcher of a stream: the caller, and the last event that it received. */
export function watcherOf(c: Context<AppEnv>, after: string | undefined) {
  const { id: key_id, partner_id, expires_at } = c.get("apiKey");
  return { key_id, partner_id, expires_at, after };
}

/** Responds with server-sent events. Throws a 409 or 429 if too many streams are open. */
export function respondWithStream(
  c: Context<AppEnv>,
  stream: ReadableStream<Uint8Array> | "too many" | "too many for the partner",
): Response {
  if (stream === "too many") throw tooManyStreams();
  if (stream === "too many for the partner") throw tooManyPartnerStreams();
  return c.body(stream, 200, { "Content-Type": "text/event-stream" });
}

function tooManyStreams(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message: `${MAX_STREAMS} streams of this environment are open, the maximum: close one first.`,
    details: { limit: MAX_STREAMS },
  });
}

function tooManyPartnerStreams(): ApiError {
  return new ApiError(
    {
      type: "RATE_LIMIT_ERROR",
      message: `${MAX_PARTNER_STREAMS} streams of this partner are open, the maximum: close one first.`,
      details: { limit: MAX_PARTNER_STREAMS },
    },
    { "Retry-After": String(STREAM_LEASE_SECONDS) },
  );
}
