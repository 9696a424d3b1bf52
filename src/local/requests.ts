/** `orders-sandbox requests`: the requests that a sandbox got, in lines for a reader, and as they happen. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ask, connect, originOf } from "./connection.ts";
import type { RecordedRequest } from "./environment.ts";
import { formatRequestLine } from "./observation.ts";
import { SandboxError } from "./sandbox-error.ts";

const DEFAULT_URL = "http://localhost:8787";
const DEFAULT_KEY = "test_sandbox_a";
const DEFAULT_COUNT = "20";
const MAX_COUNT = 100;

const usage = (command: string): string => `Usage: ${command} [flags]

The last requests under /v2 that came with a key of the environment, oldest first.

  --follow             goes on with those that come, until Ctrl-C
  --url <URL>          the sandbox; ${DEFAULT_URL} if not given
  --key <key>          a key of the environment; SANDBOX_KEY, or else ${DEFAULT_KEY}, if not given
  --count <number>     how many of the last, from 0 to ${MAX_COUNT}; ${DEFAULT_COUNT} if not given
  --json               each as a line of JSON
  --help
`;

/** How long until a stream that has ended is opened again. */
const RETRY_MILLISECONDS = 1_000;
/** Before the id of any request. */
const BEFORE_ALL = "1";

/** `command` is how the user called this, for what it says. */
export async function requests(args: string[], command: string): Promise<void> {
  const { url, key, count, follow, json, help } = readFlags(args, command);
  if (help) return void process.stdout.write(usage(command));
  endQuietly();
  const show = (request: RecordedRequest) =>
    console.log(json ? JSON.stringify(request) : lineOf(request));
  const page = await connect(url, key)("get", "/sandbox/requests", {
    query: { limit: Math.max(count, 1) },
  });
  for (const request of page.data.slice(0, count).toReversed()) show(request);
  if (follow) await followFrom(page.data[0]?.id ?? BEFORE_ALL, { url, key }, show);
}

function readFlags(args: string[], command: string) {
  const { url = DEFAULT_URL, key, count = DEFAULT_COUNT, ...flags } = parsed(args, command);
  if (!/^\d{1,3}$/.test(count) || Number(count) > MAX_COUNT) {
    throw new SandboxError(`--count takes a number from 0 to ${MAX_COUNT}, but is ${count}.`);
  }
  const given = key ?? process.env["SANDBOX_KEY"] ?? DEFAULT_KEY;
  return { ...flags, url: originOf(url), key: given, count: Number(count) };
}

function parsed(args: string[], command: string) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { url: text, key: text, count: text, follow: flag, json: flag, help: flag };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    const [sentence] = (error as Error).message.split(". ");
    throw new SandboxError(`${sentence}. The flags there are: ${command} --help`);
  }
}

/** Whoever reads the lines may go: then nobody needs more of them. */
function endQuietly(): void {
  process.stdout.on("error", () => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => process.exit(0));
  }
}

/** The time of day, and the request as the program that serves it has it, with what deserves a look. */
function lineOf(request: RecordedRequest): string {
  const { at, method, path, status, ms, error, fault, warnings = [] } = request;
  const line = formatRequestLine({
    method,
    path,
    status,
    milliseconds: ms,
    ...(error && { problem: `${error.type}: ${error.message}` }),
    ...(fault && {
      fault: fault.id === undefined ? fault.fault : `${fault.fault};id="${fault.id}"`,
    }),
    ...(warnings.length > 0 && { warnings: warnings.map(textOf).join(", ") }),
  });
  return `${new Date(at).toTimeString().slice(0, 8)}  ${line}`;
}

/** As the header `Sandbox-Warnings` has it. */
function textOf({ code, ...parameters }: NonNullable<RecordedRequest["warnings"]>[number]): string {
  const given = Object.entries(parameters).map(([name, value]) => `;${name}="${value}"`);
  return code + given.join("");
}

/** Shows each request after this one, as it comes. A stream that ends is opened again where it ended. */
async function followFrom(
  id: string,
  { url, key }: Record<"url" | "key", string>,
  show: (request: RecordedRequest) => void,
): Promise<never> {
  let last = id;
  let isSaid = false;
  for (;;) {
    try {
      const response = await ask(`${url}/sandbox/requests/stream`, {
        headers: { Authorization: `Bearer ${key}`, "Last-Event-ID": last },
      });
      isSaid = false;
      for await (const request of eventsOf(response.body!)) {
        last = request.id;
        show(request);
      }
    } catch (error) {
      requireTransient(error);
      if (!isSaid) console.error(`${url} can't be reached: trying again until it can.`);
      isSaid = true;
    }
    await sleep(RETRY_MILLISECONDS);
  }
}

/** Throws what doesn't go away by itself: what the sandbox refuses. */
function requireTransient(error: unknown): void {
  const { status } = error as Partial<SandboxError>;
  if (status !== undefined && status < 500 && status !== 429) throw error;
}

/** The events of a stream, each with one line of data, as the sandbox sends them. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<RecordedRequest> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("data: "))
        yield JSON.parse(line.slice("data: ".length)) as RecordedRequest;
    }
  }
}
