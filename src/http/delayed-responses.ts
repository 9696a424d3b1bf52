import type { Context } from "hono";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** The most responses of a partner that faults delay at a time in an isolate. */
const MAX_DELAYED_RESPONSES = 100;
/** The most bytes of delayed reads, whose pages can be large. A write's response is about as large as its body. */
const MAX_DELAYED_READ_BYTES = 16_000_000;
/** The longest that a request takes before its response is delayed. */
const MAX_REQUEST_MILLISECONDS = 120_000;

export interface DelayedResponse {
  bytes: number;
  /** The runtime may end the request earlier, without telling: nothing else removes its entry. */
  expiresAt: number;
}

/** The delayed responses of each partner in this isolate. */
const delayedResponses = new Map<number, DelayedResponse[]>();

/** Reserves a place for a response that a fault is to delay. Throws a 429 if there is none. */
export function reserveDelay(c: Context<AppEnv>): void {
  if (c.env.RATE_LIMITS === "off") return;
  const others = currentDelays(c);
  if (others.length >= MAX_DELAYED_RESPONSES) {
    throw tooManyDelays(
      `Faults delay ${others.length} responses of this partner already, the maximum, so this request was not executed`,
    );
  }
  const response = { bytes: 0, expiresAt: Date.now() + MAX_REQUEST_MILLISECONDS };
  others.push(response);
  c.set("delayedResponse", response);
}

/** Counts a response as held while it is delayed. Throws a 429 if it is a read and too large. */
export function startDelay(c: Context<AppEnv>, bytes: number, milliseconds: number): void {
  const response = c.get("delayedResponse");
  if (!response) return;
  response.expiresAt = Date.now() + milliseconds;
  if (c.req.method !== "GET") return;
  const held = currentDelays(c).reduce((sum, each) => sum + each.bytes, bytes);
  if (held <= MAX_DELAYED_READ_BYTES) response.bytes = bytes;
  else
    throw tooManyDelays(
      `Faults delay responses of this partner with ${held - bytes} bytes already, of ${MAX_DELAYED_READ_BYTES}`,
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
