import type { Context } from "hono";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** The maximum number of a partner's responses that faults delay at a time in an isolate. */
const MAX_DELAYED_RESPONSES = 100;
/** The maximum size of a partner's delayed reads together. Writes are not counted: their responses are small. */
const MAX_DELAYED_READ_BYTES = 16_000_000;
/** How long a place stays reserved for a response while its request runs. No request runs longer. */
const MAX_REQUEST_MILLISECONDS = 120_000;

export interface DelayedResponse {
  bytes: number;
  /** When the entry is removed. The runtime may end the request earlier, but doesn't report that. */
  expiresAt: number;
}

/** The delayed responses of each partner in this isolate. */
const delayedResponses = new Map<number, DelayedResponse[]>();

/** Reserves a place for a response that a fault will delay. Throws a 429 if all places are taken. */
export function reserveDelay(c: Context<AppEnv>): void {
  if (c.env.RATE_LIMITS === "off") return;
  const others = currentDelays(c);
  if (others.length >= MAX_DELAYED_RESPONSES) {
    throw tooManyDelays(
      `Faults already delay ${others.length} responses of this partner, the maximum. This request was not executed`,
    );
  }
  const response = { bytes: 0, expiresAt: Date.now() + MAX_REQUEST_MILLISECONDS };
  others.push(response);
  c.set("delayedResponse", response);
}

/** Counts a delayed response. Throws a 429 if the partner's delayed reads together exceed MAX_DELAYED_READ_BYTES. */
export function startDelay(c: Context<AppEnv>, bytes: number, milliseconds: number): void {
  const response = c.get("delayedResponse");
  if (!response) return;
  response.expiresAt = Date.now() + milliseconds;
  if (c.req.method !== "GET") return;
  const held = currentDelays(c).reduce((sum, each) => sum + each.bytes, bytes);
  if (held <= MAX_DELAYED_READ_BYTES) response.bytes = bytes;
  else
    throw tooManyDelays(
      `Faults already delay ${held - bytes} bytes of this partner's responses, and this one (${bytes} bytes) would exceed the maximum of ${MAX_DELAYED_READ_BYTES}`,
    );
}

function currentDelays(c: Context<AppEnv>): DelayedResponse[] {
  const { partner_id } = c.get("apiKey");
  const now = Date.now();
  const current = (delayedResponses.get(partner_id) ?? []).filter(
    ({ expiresAt }) => expiresAt > now,
  );
  delayedResponses.set(partner_id, current);
  return current;
}

function tooManyDelays(reason: string): ApiError {
  return new ApiError(
    {
      type: "RATE_LIMIT_ERROR",
      message: `${reason}. Send the same request again later.`,
    },
    { "Retry-After": "1" },
  );
}
