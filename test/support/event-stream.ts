import { exports } from "cloudflare:workers";
import type { Client } from "./client.ts";

/** An open stream of server-sent events. */
export interface EventStream {
  response: Response;
  /** The data of the next events. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read events of any shape
  take(count: number): Promise<any[]>;
  /** Resolves with the rest of the text when the stream ends. */
  rest(): Promise<string>;
  cancel(): Promise<void>;
}

/** Opens a stream of requests. */
export async function openStream(
  client: Client,
  path: string,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const response = await exports.default.fetch(
    new Request(`https://sandbox.test${path}`, {
      headers: { Authorization: `Bearer ${client.key}`, ...headers },
    }),
  );
  if (response.status !== 200) throw new Error(`${path}: ${await response.text()}`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let isOver = false;
  // Read continuously: the sandbox closes a stream whose client stops reading.
  const reading = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
    }
    isOver = true;
  })();
  const events = () => text.split("\n\n").filter((each) => each.includes("data: "));
  return {
    response,
    async take(count) {
      while (events().length < count) {
        if (isOver) throw new Error(`The stream ended after: ${text}`);
        await scheduler.wait(5);
      }
      const taken = events().slice(0, count);
      text = text.slice(text.indexOf(taken.at(-1)!) + taken.at(-1)!.length);
      return taken.map((each) => JSON.parse(each.slice(each.indexOf("data: ") + 6)));
    },
    async rest() {
      await reading;
      return text;
    },
    cancel: () => reader.cancel(),
  };
}
