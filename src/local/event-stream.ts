/** Server-sent events of a sandbox, as JSON. */
import { createParser } from "eventsource-parser";
import { openResponse } from "./http-client.ts";

/** The sandbox sends a comment every 15 seconds. A stream that is silent for longer has lost its connection. */
const SILENCE_MILLISECONDS = 45_000;

/** Opens a stream after the item `lastId`, or at its start. Resolves once the sandbox accepts it. */
export async function openEventStream<Item>(
  url: string,
  key: string,
  lastId?: string,
): Promise<AsyncGenerator<Item>> {
  const response = await openResponse(url, {
    headers: {
      Authorization: `Bearer ${key}`,
      ...(lastId !== undefined && { "Last-Event-ID": lastId }),
    },
  });
  response.setTimeout(SILENCE_MILLISECONDS, () => response.destroy());
  return itemsIn(response.setEncoding("utf8"));
}

async function* itemsIn<Item>(chunks: AsyncIterable<string>): AsyncGenerator<Item> {
  const received: Item[] = [];
  const parser = createParser({
    onEvent: ({ data }) => received.push(JSON.parse(data) as Item),
  });
  for await (const chunk of chunks) {
    parser.feed(chunk);
    yield* received.splice(0);
  }
}
