/** One request on one kept connection, and what its answer says it cost. */
import { Agent, request as open, type IncomingHttpHeaders } from "node:http";
import { API_KEY } from "./data.ts";
import type { HttpRequest } from "./operations.ts";

/** A connection for each server. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

export const HEADERS = {
  authorization: `Bearer ${API_KEY}`,
  "content-type": "application/json",
};

export interface Answer {
  milliseconds: number;
  headers: IncomingHttpHeaders;
}

/** What a request cost in D1: round trips, and rows. */
export interface Cost {
  queries: number;
  rows_read: number;
  rows_written: number;
}

/** Sends a request and waits for all of its answer; fails unless that is a success. */
export function send(url: string, { method, path, body }: HttpRequest): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const started = performance.now();
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const request = open(`${url}${path}`, { method, agent, headers: { ...HEADERS, ...length } });
  request.on("error", reject);
  request.on("response", (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (text += chunk));
    response.on("error", reject);
    response.on("end", () => {
      const { statusCode = 0, headers } = response;
      const isSuccess = statusCode >= 200 && statusCode <= 299;
      if (isSuccess) resolve({ milliseconds: performance.now() - started, headers });
      else reject(new Error(`${method} ${path} was answered ${statusCode}: ${text}`));
    });
  });
  request.end(body);
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
