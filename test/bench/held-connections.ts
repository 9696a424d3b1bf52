/** What a partner can send to occupy connections and memory for a long time, by kind. */
import { Agent, request as open, type RequestOptions } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { PARTNER_A } from "./data.ts";
import { headersOf, type Statuses } from "./request.ts";

/** The connections of each kind. */
const CONNECTIONS = 400;
/**
 * How long a connection waits after a rejection before the next request. All kinds together exceed the rate limit many
 * times: a stranger that sends its worst doesn't keep to it, and its rejected requests cost time and memory, too.
 */
const PAUSE_MILLISECONDS = 2_000;

const BODY_BYTES = 256 * 1024;
const HALF_BODY = " ".repeat(BODY_BYTES / 2);
/** JSON of nearly the maximum size. It isn't an order, so it stores nothing. */
const WHOLE_BODY = JSON.stringify({ filler: "x".repeat(BODY_BYTES - 100) });
const DELAYED = { "sandbox-fault": "delay;delay_ms=60000" };

interface HeldRequest extends Pick<RequestOptions, "method"> {
  path: string;
  headers?: Record<string, string | number>;
  /** What it sends of its body. A body that isn't whole stalls. */
  body?: string;
}

/** A request of each kind. */
export const HELD_CONNECTIONS: Record<string, HeldRequest> = {
  "delayed-write": {
    method: "POST",
    path: "/v2/orders",
    headers: { ...DELAYED, "content-length": WHOLE_BODY.length },
    body: WHOLE_BODY,
  },
  "delayed-page": { path: "/v2/orders?limit=100", headers: DELAYED },
  "stalled-upload": {
    method: "POST",
    path: "/v2/orders",
    headers: { "content-length": BODY_BYTES },
    body: HALF_BODY,
  },
  stream: { path: "/sandbox/requests/stream" },
};

interface Holding {
  /** Called for each request. */
  onSend: () => void;
  /** How the requests ended. */
  statuses: Statuses;
  signal: AbortSignal;
}

/** Keeps the connections of a kind open until the signal aborts. */
export async function holdConnections(
  url: string,
  held: HeldRequest,
  { onSend, statuses, signal }: Holding,
): Promise<void> {
  const agent = new Agent({ maxSockets: CONNECTIONS });
  const hold = async () => {
    while (!signal.aborted) {
      onSend();
      const status = await holdOne(url, held, agent, signal);
      statuses[status] = (statuses[status] ?? 0) + 1;
      await sleep(PAUSE_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, hold));
  agent.destroy();
}

/** Sends one request and waits for the end of its response. Returns its status, or the reason of its end. */
function holdOne(
  url: string,
  { body, headers, ...options }: HeldRequest,
  agent: Agent,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve) => {
    const sent = open(`${url}${options.path}`, {
      ...options,
      agent,
      signal,
      headers: { ...headersOf(PARTNER_A.key), ...headers },
    });
    sent.on("error", (error: NodeJS.ErrnoException) =>
      resolve(signal.aborted ? "held" : error.code!),
    );
    sent.on("response", (response) => {
      response.on("error", () => resolve("held"));
      response.on("end", () => resolve(String(response.statusCode)));
      response.resume();
    });
    if (body === undefined) sent.end();
    else sent.write(body);
  });
}
