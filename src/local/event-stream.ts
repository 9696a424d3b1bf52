/** The live stream of recorded requests, as server-sent events. */
import { createParser } from "eventsource-parser";
import type { RecordedRequest } from "./environment.ts";
import { openResponse } from "./http-client.ts";

/** Opens the stream after the request `lastId`, which resolves once the sandbox accepts it. */
export async function openRequestStream(
  url: string,
  key: string,
  lastId: string,
): Promise<AsyncGenerator<RecordedRequest>> {
  const response = await openResponse(`${url}/sandbox/requests/stream`, {
    headers: { Authorization: `Bearer ${key}`, "Last-Event-ID": lastId },
  });
  return requestsIn(response.setEncoding("utf8"));
}

async function* requestsIn(chunks: AsyncIterable<string>): AsyncGenerator<RecordedRequest> {
  const received: RecordedRequest[] = [];
  const parser = createParser({
    onEvent: ({ data }) => received.push(JSON.parse(data) as RecordedRequest),
  });
  for await (const chunk of chunks) {
    parser.feed(chunk);
    yield* received.splice(0);
  }
}
