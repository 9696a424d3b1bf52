/** `orders-sandbox requests`: prints the requests that a sandbox has recorded, and follows new ones. */
import { parseArgs } from "node:util";
import { createClient } from "./api-client.ts";
import type { RecordedRequest } from "./environment.ts";
import { DEFAULT_KEY, DEFAULT_URL, keyOf, originOf, unknownFlag } from "./flags.ts";
import { openEventStream } from "./event-stream.ts";
import { jsonLine } from "./printable.ts";
import { formatRequestLine } from "./request-line.ts";
import { Retries } from "./retries.ts";
import { SandboxError } from "./sandbox-error.ts";
import { print } from "./terminal.ts";

const DEFAULT_COUNT = "20";
const MAX_COUNT = 100;

const usage = (command: string): string => `Usage: ${command} [flags]

Prints the latest requests to /v2 in the key's environment, the newest last.

  --follow             also print new requests, until Ctrl-C
  --url <URL>          the sandbox. Default: ${DEFAULT_URL}
  --key <key>          a key of the environment. Default: SANDBOX_KEY, or else ${DEFAULT_KEY}
  --count <number>     how many recorded requests to print, from 0 to ${MAX_COUNT}. Default: ${DEFAULT_COUNT}
  --json               print each request as a line of JSON
  --help
`;

/** Lower than any ID of a request. */
const FIRST_ID = "1";

/** `command` is the command line to print in the usage. */
export async function requests(args: string[], command: string): Promise<void> {
  const { url, key, count, follow, json, help } = readFlags(args, command);
  if (help) return void process.stdout.write(usage(command));
  exitQuietly();
  const show = (request: RecordedRequest) => print(json ? jsonLine(request) : lineOf(request));
  const page = await createClient(url, key)("get", "/sandbox/requests", {
    query: { limit: Math.max(count, 1) },
  });
  for (const request of page.data.slice(0, count).toReversed()) show(request);
  if (follow) await followFrom(page.data[0]?.id ?? FIRST_ID, { url, key }, show);
}

function readFlags(args: string[], command: string) {
  const { url = DEFAULT_URL, key, count = DEFAULT_COUNT, ...flags } = parse(args, command);
  if (!/^\d{1,3}$/.test(count) || Number(count) > MAX_COUNT) {
    throw new SandboxError(
      `--count expects a number from 0 to ${MAX_COUNT}, but received ${count}.`,
    );
  }
  return { ...flags, url: originOf(url), key: keyOf(key), count: Number(count) };
}

function parse(args: string[], command: string) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { url: text, key: text, count: text, follow: flag, json: flag, help: flag };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw unknownFlag(error, command);
  }
}

/** Exits without an error on signals, and when the reader of the output closes it, as `head` does. */
function exitQuietly(): void {
  process.stdout.on("error", () => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => process.exit(0));
  }
}

/** The local time of day, and the line that the serving program prints for the request. */
function lineOf(request: RecordedRequest): string {
  const { at, method, path, status, ms, order_id, order_event_id } = request;
  const { error, fault, warnings = [] } = request;
  const line = formatRequestLine({
    method,
    path,
    // A path may contain the ID already.
    ids: [order_id ?? [], order_event_id ?? []]
      .flat()
      .filter((id) => !path.includes(encodeURIComponent(id))),
    status,
    milliseconds: ms,
    ...(error && { problem: `${error.type}: ${error.message}` }),
    ...(fault && { fault: fault.fault }),
    ...(warnings.length > 0 && { warnings: warnings.map(textOf).join(", ") }),
  });
  return `${new Date(at).toTimeString().slice(0, 8)}  ${line}`;
}

/** In the format of the header `Sandbox-Warnings`. */
function textOf({ code, ...parameters }: NonNullable<RecordedRequest["warnings"]>[number]): string {
  const given = Object.entries(parameters).map(([name, value]) => `;${name}="${value}"`);
  return code + given.join("");
}

/** Prints each request after `id` as it arrives. Reopens the stream where it ended. */
async function followFrom(
  id: string,
  { url, key }: Record<"url" | "key", string>,
  show: (request: RecordedRequest) => void,
): Promise<never> {
  const retries = new Retries(url);
  let lastId = id;
  for (;;) {
    try {
      const path = `${url}/sandbox/requests/stream`;
      const stream = await openEventStream<RecordedRequest>(path, key, lastId);
      retries.reset();
      for await (const request of stream) {
        lastId = request.id;
        show(request);
      }
      await retries.wait();
    } catch (error) {
      await retries.afterError(error);
    }
  }
}
