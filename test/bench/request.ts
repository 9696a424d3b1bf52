/** Sends single requests, and reads the cost that their responses report. */
import { Agent, request as open, type IncomingHttpHeaders } from "node:http";
import { PARTNER_A } from "./data.ts";
import type { HttpRequest } from "./operations.ts";

/** One connection per server. */
const connections = new Agent({ keepAlive: true, maxSockets: 1 });

export const headersOf = (key: string) => ({
  authorization: `Bearer ${key}`,
  "content-type": "application/json",
});
export const HEADERS = headersOf(PARTNER_A.key);

export interface TimedResponse {
  milliseconds: number;
  headers: IncomingHttpHeaders;
}

export interface AnyResponse extends TimedResponse {
  status: number;
  /** The body, unless the response is a success. */
  refusal: string;
}

/** The cost of a request in D1: round trips and rows. */
export interface Cost {
  queries: number;
  rows_read: number;
  rows_written: number;
}

/** Sends a request on a reused connection and reads the whole response. Throws unless it is a success. */
export async function send(url: string, request: HttpRequest): Promise<TimedResponse> {
  const response = await exchange(url, request, { key: PARTNER_A.key, agent: connections });
  if (isSuccess(response.status)) return response;
  const { method, path } = request;
  throw new Error(`${method} ${path} returned ${response.status}: ${response.refusal}`);
}

export const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

/** The number of responses by status, and of broken connections by error code. */
export type Statuses = Record<string, number>;

/** Sends a request with a key, and counts its status. */
export async function count(
  statuses: Statuses,
  url: string,
  request: HttpRequest,
  sender: Sender,
): Promise<void> {
  const status = await exchange(url, request, sender).then(
    (response) => response.status,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  statuses[status] = (statuses[status] ?? 0) + 1;
}

/** The key and the connections of a sender. */
interface Sender {
  key: string;
  agent: Agent;
}

/** Sends a request with a key and reads the whole response, whatever its status. */
export function exchange(
  url: string,
  { method, path, body, headers }: HttpRequest,
  { key, agent }: Sender,
): Promise<AnyResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<AnyResponse>();
  const started = performance.now();
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const sent = open(`${url}${path}`, {
    method,
    agent,
    headers: { ...headersOf(key), ...length, ...headers },
  });
  sent.on("error", reject);
  sent.on("response", (response) => {
    const { statusCode: status = 0 } = response;
    let refusal = "";
    // The text of a success can be many megabytes, and is not needed.
    response.on("data", (chunk: Buffer) => (refusal += isSuccess(status) ? "" : chunk.toString()));
    response.on("error", reject);
    response.on("end", () => {
      const milliseconds = performance.now() - started;
      resolve({ status, milliseconds, headers: response.headers, refusal });
    });
  });
  sent.end(body);
  return promise;
}

export function costOf({ headers }: TimedResponse): Cost {
  const timing = String(headers["server-timing"]);
  const figures =
    /queries=(?<queries>\d+) rows_read=(?<read>\d+) rows_written=(?<written>\d+)/.exec(
      timing,
    )?.groups;
  if (!figures) throw new Error(`Server-Timing contains no cost: ${timing}`);
  return {
    queries: Number(figures["queries"]),
    rows_read: Number(figures["read"]),
    rows_written: Number(figures["written"]),
  };
}
