/** One round of load on one server, with autocannon. */
import autocannon from "autocannon";
import type { HttpRequest } from "./operations.ts";
import { HEADERS } from "./request.ts";
import { percentile } from "./statistics.ts";

const CONNECTIONS = 32;

/** How often autocannon checks whether the round has ended. */
const TICK_MILLISECONDS = 50;

export interface Round {
  requests_per_second: number;
  p50_milliseconds: number;
  p99_milliseconds: number;
}

/** Sends requests on several connections without a pause. Throws on the first response that is not a success. */
export async function drive(
  url: string,
  seconds: number,
  nextRequest: () => HttpRequest,
): Promise<Round> {
  const latencies: number[] = [];
  let refused: string | undefined;
  const finished = Promise.withResolvers<autocannon.Result>();
  const running = autocannon(
    {
      url,
      connections: CONNECTIONS,
      duration: seconds,
      sampleInt: TICK_MILLISECONDS,
      headers: HEADERS,
      requests: [
        {
          setupRequest: (request) => Object.assign(request, nextRequest()),
          onResponse: (status, body) => {
            if (status < 200 || status > 299) refused ??= `${status}: ${body}`;
          },
        },
      ],
    },
    (error, result) => (error ? finished.reject(error) : finished.resolve(result)),
  );
  // Autocannon's own percentiles are in whole milliseconds.
  running.on("response", (_client, _status, _bytes, milliseconds) => latencies.push(milliseconds));
  const result = await finished.promise;
  if (refused !== undefined) throw new Error(`A request failed with ${refused}`);
  if (result.errors > 0) throw new Error(`${result.errors} requests received no response`);
  return {
    requests_per_second: latencies.length / result.duration,
    p50_milliseconds: percentile(latencies, 50),
    p99_milliseconds: percentile(latencies, 99),
  };
}
