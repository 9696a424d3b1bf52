/** `orders-sandbox` without a command: runs a sandbox until it is stopped. */
import { parseArgs } from "node:util";
import { readBuiltWorker } from "./artifacts.ts";
import { unknownFlag } from "./flags.ts";
import type { Invocation } from "./invocation.ts";
import { onNpmExit } from "./npm-exit.ts";
import { isLoopback } from "./ports.ts";
import { formatRequestLine, type RequestLine } from "./request-line.ts";
import { SandboxError } from "./sandbox-error.ts";
import { usePrivateTemporaryFolder } from "./temporary-folder.ts";

const DEFAULT_PORT = "8787";

const usage = ({
  command,
  partnerCommand,
  persistTo,
}: Invocation): string => `Usage: ${command} [flags]

Runs a sandbox of the orders part of Imprint's v2 partner API on this machine.

  --port <port>            the port to listen on; 0 for any free port. Default: ${DEFAULT_PORT}
  --host <address>         the address to listen on. Default: 127.0.0.1
  --allow-host <name>      another name under which clients reach it, such as a container's; repeatable
  --persist-to <folder>    where to store the data. Default: ${persistTo ?? "in memory"}
  --var <name>:<value>     a variable of the Worker, such as ORDER_QUOTA:100; repeatable. A name alone, such as
                           ADMIN_TOKEN, takes its value from the environment, out of other users' sight
  --quiet                  don't print requests
  --json                   print one line of JSON with the URL and the keys, and nothing else
  --version
  --help

  ${command} requests     shows recorded requests; --follow also shows new ones
  ${command} readiness    reports which checks an integration has passed, for example in CI
  ${command} listen       forwards notifications to a server on this machine
  ${partnerCommand}     creates, lists and deletes partners
`;

export async function serve(args: string[], invocation: Invocation): Promise<void> {
  const flags = readFlags(args, invocation);
  if (flags.help) return void process.stdout.write(usage(invocation));
  if (flags.version) return console.log((await readBuiltWorker()).version);
  ignoreClosedOutput();
  exitOnSignals();
  onNpmExit(() => process.exit(0));

  const { allowHosts, host, persistTo, vars } = flags;
  const output = new Output();
  // Loaded late, because it loads Miniflare, which the other commands don't need.
  const { SEEDED_KEYS, startSandbox } = await import("./sandbox.ts");
  const sandbox = await startSandbox({
    port: Number(flags.port),
    ...(host !== undefined && { host }),
    ...(persistTo !== undefined && { persistTo }),
    allowHosts,
    vars,
    temporaryFolder: usePrivateTemporaryFolder(),
    ...(!flags.quiet && !flags.json && { onRequest: (line) => output.printRequest(line) }),
    onError: (message) => console.error(message),
    onFolderLost: ({ message }) => {
      console.error(message);
      process.exit(1);
    },
  });
  // With port 0, nothing listens on ::1, to which `localhost` may resolve.
  const url =
    isSpecific(host) || flags.port === "0"
      ? sandbox.url
      : `http://localhost:${new URL(sandbox.url).port}`;
  if (flags.json) console.log(JSON.stringify({ url, keys: SEEDED_KEYS }));
  else output.printWelcome(welcome(url, sandbox.key));
  if (host !== undefined && !isLoopback(host)) {
    console.error(
      `Anyone who can reach ${host} can use this sandbox: its keys ${SEEDED_KEYS.join(" and ")} are public.`,
    );
  }
}

/** Whether to print this address in the URL. 127.0.0.1 and wildcard addresses become `localhost`. */
function isSpecific(host: string | undefined): host is string {
  return host !== undefined && !["127.0.0.1", "0.0.0.0", "::"].includes(host);
}

/** Prints the welcome before any request, even if requests arrive earlier. */
class Output {
  #waiting: string[] | undefined = [];

  printWelcome(text: string): void {
    console.log(text);
    for (const line of this.#waiting ?? []) console.log(line);
    this.#waiting = undefined;
  }

  printRequest(line: RequestLine): void {
    const text = formatRequestLine(line);
    if (this.#waiting) this.#waiting.push(text);
    else console.log(text);
  }
}

function readFlags(args: string[], invocation: Invocation) {
  const { values } = parse(args, invocation);
  const port = values.port ?? DEFAULT_PORT;
  if (!/^\d+$/.test(port)) {
    throw new SandboxError(`--port expects a number from 0 to 65535, but received ${port}.`);
  }
  return {
    ...values,
    port,
    allowHosts: [...(values["allow-host"] ?? []), ...hostsInEnvironment()],
    persistTo: values["persist-to"] ?? invocation.persistTo,
    vars: Object.fromEntries((values.var ?? []).map(readVariable)),
  };
}

function parse(args: string[], { command }: Invocation) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args,
      options: {
        port: text,
        host: text,
        "allow-host": { type: "string", multiple: true },
        "persist-to": text,
        var: { type: "string", multiple: true },
        quiet: flag,
        json: flag,
        help: flag,
        version: flag,
      },
    });
  } catch (error) {
    throw unknownFlag(error, command);
  }
}

/** In CI, a container often accepts environment variables, but no flags. */
function hostsInEnvironment(): string[] {
  return (process.env["SANDBOX_ALLOW_HOST"] ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

/**
 * Splits at the first colon, as Wrangler does: the value may contain colons. A name alone takes its value from the
 * environment, because other users could see a secret in the list of processes.
 */
function readVariable(flag: string): [name: string, value: string] {
  const colon = flag.indexOf(":");
  const inherited = process.env[flag];
  if (colon < 0 && inherited !== undefined) return [flag, inherited];
  if (colon < 1) {
    throw new SandboxError(
      `--var expects NAME:VALUE, or a NAME that the environment sets, but received ${flag}.`,
    );
  }
  return [flag.slice(0, colon), flag.slice(colon + 1)];
}

const welcome = (url: string, key: string): string => `
Orders Sandbox is ready.

  URL        ${url}
  Key        ${key}
  Console    ${url}/console
  Reference  ${url}/docs

Try it:

  curl ${url}/v2/orders -H "Authorization: Bearer ${key}"
`;

/** The reader of the output may exit first: a CI step ends, but the server must continue. */
function ignoreClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/** On exit, Miniflare ends workerd and removes its temporary files synchronously. */
function exitOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => process.exit(0));
  }
}
