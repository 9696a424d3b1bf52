/** `orders-sandbox listen`: forwards notifications from a sandbox to a server on this machine. */
import { parseArgs } from "node:util";
import { NOTIFICATION_KINDS, type NotificationKind } from "../domain/webhooks.ts";
import { createClient, type Send } from "./api-client.ts";
import { DEFAULT_KEY, DEFAULT_URL, keyOf, originOf, unknownFlag } from "./flags.ts";
import { Listener } from "./listener.ts";
import { onNpmExit } from "./npm-exit.ts";
import { SandboxError } from "./sandbox-error.ts";
import { print } from "./terminal.ts";

const usage = (command: string): string => `Usage: ${command} --forward-to <URL> [flags]

Forwards signed notifications to a server on this machine, unchanged, until Ctrl-C. Prints a line for each.

  --forward-to <URL>        the server, such as http://localhost:3000/imprint
  --kinds <kind,…>          only these kinds, such as TRANSACTION,REWARD. Default: all
  --url <URL>               the sandbox. Default: ${DEFAULT_URL}
  --key <key>               a key of the environment. Default: SANDBOX_KEY, or else ${DEFAULT_KEY}
  --signing-token <token>   signs with this token. Default: IMPRINT_SIGNING_TOKEN, or else a new one
  --print-token             also print the signing token
  --help
`;

/** On exit, waits at most this long for the removal of the webhook. One that is left over expires after a day. */
const EXIT_MILLISECONDS = 2_000;

/** `command` is the command line to print in the usage. */
export async function listen(args: string[], command: string): Promise<void> {
  const flags = readFlags(args, command);
  if (flags === "help") return void process.stdout.write(usage(command));
  const { url, key, kinds, target, signing_token } = flags;
  process.stdout.on("error", () => process.exit(0));
  const send = createClient(url, key);
  const webhook = await send("post", "/sandbox/webhooks", {
    body: { ...(kinds && { kinds }), ...(signing_token && { signing_token }) },
  });
  const remove = removerOf(send, webhook.id);
  exitOnSignals(remove);
  print(`Forwarding notifications from ${url} to ${target.href}`);
  if (flags.printToken) print(`Signing token: ${webhook.signing_token}`);
  try {
    await new Listener({ url, key, send, webhookId: webhook.id, target }).run();
  } finally {
    await remove();
  }
}

function readFlags(args: string[], command: string) {
  const values = parse(args, command);
  if (values.help) return "help";
  const { url = DEFAULT_URL, key } = values;
  return {
    target: targetOf(values["forward-to"], command),
    kinds: values.kinds === undefined ? undefined : kindsOf(values.kinds),
    url: originOf(url),
    key: keyOf(key),
    signing_token: values["signing-token"] ?? process.env["IMPRINT_SIGNING_TOKEN"],
    printToken: values["print-token"] ?? false,
  };
}

function parse(args: string[], command: string) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    "forward-to": text,
    kinds: text,
    url: text,
    key: text,
    "signing-token": text,
    "print-token": flag,
    help: flag,
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw unknownFlag(error, command);
  }
}

function targetOf(flag: string | undefined, command: string): URL {
  if (flag === undefined) {
    throw new SandboxError(`--forward-to is missing. Run ${command} --help for all flags.`);
  }
  if (/^https?:\/\//.test(flag) && URL.canParse(flag)) return new URL(flag);
  throw new SandboxError(
    `--forward-to expects a URL like http://localhost:3000/imprint, but received ${flag}.`,
  );
}

function kindsOf(flag: string): NotificationKind[] {
  return flag.split(",").map((name) => {
    const kind = NOTIFICATION_KINDS.find((each) => each === name.trim().toUpperCase());
    if (kind) return kind;
    const known = NOTIFICATION_KINDS.join(", ");
    throw new SandboxError(`--kinds expects some of ${known}, but received ${name || "nothing"}.`);
  });
}

/** Removes the webhook, once. */
function removerOf(send: Send, webhook_id: string): () => Promise<void> {
  let removed: Promise<void> | undefined;
  const remove = async () => {
    const path = { webhook_id };
    await send("delete", "/sandbox/webhooks/{webhook_id}", { path }).catch(() => undefined);
  };
  return () => (removed ??= remove());
}

function exitOnSignals(remove: () => Promise<void>): void {
  const exit = () => {
    setTimeout(() => process.exit(0), EXIT_MILLISECONDS);
    void remove().then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, exit);
  onNpmExit(exit);
}
