/** One request, and what its answer says it cost. */
import { Agent, request as open, type IncomingHttpHeaders } from "node:http";
import { PARTNER_A } from "./data.ts";
import type { HttpRequest } from "./operations.ts";

/** A connection for each server. */
const kept = new Agent({ keepAlive: true, maxSockets: 1 });

export const headersOf = (key: string) => ({
  authorization: `Bearer ${key}`,
  "content-type": "application/json",
});
export const HEADERS = headersOf(PARTNER_A.key);

export interface Answer {
  milliseconds: number;
  headers: IncomingHttpHeaders;
}

export interface AnyAnswer extends Answer {
  status: number;
  /** What it says, where it is no success. */
  refusal: string;
}

/** What a request cost in D1: round trips, and rows. */
export interface Cost {
  queries: number;
  rows_read: number;
  rows_written: number;
}

/** Sends a request on a kept connection and waits for all of its answer; fails unless that is a success. */
export async function send(url: string, request: HttpRequest): Promise<Answer> {
  const answer = await exchange(url, request, { key: PARTNER_A.key, agent: kept });
  if (isSuccess(answer.status)) return answer;
  const { method, path } = request;
  throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.refusal}`);
}

export const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

/** How many requests were answered with which status; where a connection broke, with the code of its error. */
export type Statuses = Record<string, number>;

/** Sends a request with a key, and counts how it was answered. */
export async function count(
  statuses: Statuses,
  url: string,
  request: HttpRequest,
  sender: Sender,
): Promise<void> {
  const status = await exchange(url, request, sender).then(
    (answer) => answer.status,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  statuses[status] = (statuses[status] ?? 0) + 1;
}

/** Who sends, and on which connections. */
interface Sender {
  key: string;
  agent: Agent;
}

/** Sends a request with a key, and waits for all of its answer, whatever that is. */
export function exchange(
  url: string,
  { method, path, body, headers }: HttpRequest,
  { key, agent }: Sender,
): Promise<AnyAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<AnyAnswer>();
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
    // An answer of many megabytes is not worth its text.
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

export function costOf({ headers }: Answer): Cost {
  const timing = String(headers["server-timing"]);
  const figures =
    /queries=(?<queries>\d+) rows_read=(?<read>\d+) rows_written=(?<written>\d+)/.exec(
      timing,
    )?.groups;
  if (!figures) throw new Error(`Server-Timing does not say what was spent: ${timing}`);
  return {
    queries: Number(figures["queries"]),
    rows_read: Number(figures["read"]),
    rows_written: Number(figures["written"]),
  };
}
