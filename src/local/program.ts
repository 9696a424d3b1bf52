/** `orders-sandbox`, and `npm start`: a sandbox that runs until somebody ends it. */
import { parseArgs } from "node:util";
import { readBuiltWorker } from "./artifacts.ts";
import { whenNpmEnds } from "./npm.ts";
import { partner } from "./partner.ts";
import { isLoopback } from "./ports.ts";
import { formatRequestLine, type RequestLine } from "./observation.ts";
import { SandboxError } from "./sandbox-error.ts";

/** How the program is called, and where it keeps its data if nobody says so. */
export interface Manner {
  command: string;
  partnerCommand: string;
  persistTo?: string;
}

const DEFAULT_PORT = "8787";

const usage = ({ command, partnerCommand, persistTo }: Manner): string => `Usage: ${command} [flags]

An API that behaves like the orders part of Imprint's v2 partner API, on this machine.

  --port <port>            where to listen; ${DEFAULT_PORT} if not given, and 0 for any that is free
  --host <address>         the address to listen on; 127.0.0.1 if not given
  --persist-to <folder>    where to keep the data; ${persistTo ?? "in memory"} if not given
  --var <name>:<value>     a variable of the Worker, such as ADMIN_TOKEN:secret; can be repeated
  --quiet                  no line for each request
  --json                   nothing but one line of JSON with the URL and the keys
  --version
  --help

  ${command} requests     shows the requests that came, and with --follow those that come
  ${partnerCommand}     creates, lists and deletes partners
`;

/** Runs the program. What its user can put right becomes a sentence on stderr. */
export async function runProgram(args: string[], manner: Manner): Promise<void> {
  try {
    const [first, ...rest] = args;
    if (first === "partner") await partner(rest, manner.partnerCommand);
    else if (first === "requests") await showRequests(rest, manner);
    else await serve(args, manner);
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

async function showRequests(args: string[], { command }: Manner): Promise<void> {
  const { requests } = await import("./requests.ts");
  await requests(args, `${command} requests`);
}

async function serve(args: string[], manner: Manner): Promise<void> {
  const flags = readFlags(args, manner);
  if (flags.help) return void process.stdout.write(usage(manner));
  if (flags.version) return console.log((await readBuiltWorker()).version);
  outliveReader();
  endWithSignals();
  whenNpmEnds(() => process.exit(0));

  const { host, persistTo, vars } = flags;
  const teller = new Teller();
  // Not before: it loads Miniflare, which nothing else here needs.
  const { SEEDED_KEYS, startSandbox } = await import("./sandbox.ts");
  const sandbox = await startSandbox({
    port: Number(flags.port),
    ...(host !== undefined && { host }),
    ...(persistTo !== undefined && { persistTo }),
    vars,
    ...(!flags.quiet && !flags.json && { onRequest: (line) => teller.request(line) }),
    onError: (message) => console.error(message),
    onLoss: (message) => console.error(message),
    onEnd: (message) => {
      console.error(message);
      process.exit(1);
    },
  });
  const url = isNamed(host) ? sandbox.url : `http://localhost:${new URL(sandbox.url).port}`;
  if (flags.json) console.log(JSON.stringify({ url, keys: SEEDED_KEYS }));
  else teller.ready(welcome(url, sandbox.key));
  if (host !== undefined && !isLoopback(host)) {
    console.error(
      `Whoever reaches ${host} can use this sandbox: its keys ${SEEDED_KEYS.join(" and ")} are known to everybody.`,
    );
  }
}

/** Whether the host stands for itself. Otherwise `localhost` is what people know. */
function isNamed(host: string | undefined): host is string {
  return host !== undefined && !["127.0.0.1", "0.0.0.0", "::"].includes(host);
}

/** Prints the welcome, and then the requests: some may come before everything is said. */
class Teller {
  #early: string[] | undefined = [];

  ready(text: string): void {
    console.log(text);
    for (const line of this.#early ?? []) console.log(line);
    this.#early = undefined;
  }

  request(line: RequestLine): void {
    const text = formatRequestLine(line);
    if (this.#early) this.#early.push(text);
    else console.log(text);
  }
}

function readFlags(args: string[], manner: Manner) {
  const { values } = parsed(args, manner);
  const port = values.port ?? DEFAULT_PORT;
  if (!/^\d+$/.test(port)) {
    throw new SandboxError(`--port takes a number from 0 to 65535, but received ${port}.`);
  }
  return {
    ...values,
    port,
    persistTo: values["persist-to"] ?? manner.persistTo,
    vars: Object.fromEntries((values.var ?? []).map(readVariable)),
  };
}

function parsed(args: string[], manner: Manner) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args,
      options: {
        port: text,
        host: text,
        "persist-to": text,
        var: { type: "string", multiple: true },
        quiet: flag,
        json: flag,
        help: flag,
        version: flag,
      },
    });
  } catch (error) {
    const [sentence] = (error as Error).message.split(". ");
    throw new SandboxError(`${sentence}. The flags there are: ${manner.command} --help`);
  }
}

/** As Wrangler reads it: the value may have colons. */
function readVariable(given: string): [name: string, value: string] {
  const colon = given.indexOf(":");
  if (colon < 1) {
    throw new SandboxError(`--var takes a name and a value as NAME:VALUE, but received ${given}.`);
  }
  return [given.slice(0, colon), given.slice(colon + 1)];
}

const welcome = (url: string, key: string): string => `
Orders Sandbox is ready.

  URL  ${url}
  Key  ${key}

Try it:

  curl ${url}/v2/orders -H "Authorization: Bearer ${key}"
`;

/** Whoever reads the lines may go before the program: a step of a CI ends, and the server is to go on. */
function outliveReader(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/** Miniflare ends workerd and removes its files when the process exits, at once and without a wait. */
function endWithSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => process.exit(0));
  }
}
