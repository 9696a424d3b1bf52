/**
 * `orders-sandbox partner` and `npm run partner`: manages the partners of a sandbox. The ADMIN_TOKEN comes from
 * the environment, because other users could see a flag in the list of processes.
 */
import { parseArgs } from "node:util";
import { createClient, type Send } from "./api-client.ts";
import { originOf } from "./flags.ts";
import { SandboxError } from "./sandbox-error.ts";

const usage = (command: string): string => `Usage, with ADMIN_TOKEN in the environment:

  ADMIN_TOKEN=… ${command} create "Name" --url <URL>   creates a partner and shows its first key
  ADMIN_TOKEN=… ${command} list --url <URL>            lists the partners and their usage
  ADMIN_TOKEN=… ${command} key <id> --url <URL>        creates another key and shows it
  ADMIN_TOKEN=… ${command} delete <id> --url <URL>     deletes a partner and all its data
`;

/** The argument of each command: a name, nothing, or a partner's ID. */
const ARGUMENTS = new Map([
  ["create", /./],
  ["list", /^$/],
  ["key", /^\d+$/],
  ["delete", /^\d+$/],
]);

const PAGE_ITEMS = 100;

/** `command` is the command line to print in the usage. */
export async function partner(args: string[], command: string): Promise<void> {
  const { verb, argument, url } = readArguments(args, command);
  const token = process.env["ADMIN_TOKEN"];
  if (!token) {
    throw new SandboxError("Set ADMIN_TOKEN in the environment to the sandbox's admin token.");
  }
  const send = createClient(url, token);
  try {
    if (verb === "create") await create(send, argument);
    else if (verb === "list") await list(send);
    else if (verb === "key") await createKey(send, Number(argument));
    else await remove(send, Number(argument));
  } catch (error) {
    throw meansNoAdminToken(error) ? noAdminToken(url, error) : error;
  }
}

/** A sandbox without an ADMIN_TOKEN has no operations on partners. */
const meansNoAdminToken = (error: unknown): boolean =>
  error instanceof SandboxError && error.type === "NOT_FOUND_ERROR";

const noAdminToken = (url: string, cause: unknown): SandboxError =>
  new SandboxError(
    `${url} has no ADMIN_TOKEN: set ADMIN_TOKEN in the environment and start it with --var ADMIN_TOKEN, or, if it is deployed, run npx wrangler secret put ADMIN_TOKEN.`,
    { cause },
  );

function readArguments(args: string[], command: string) {
  const { positionals, values } = parse(args, command);
  const [verb = "", argument = "", ...others] = positionals;
  const { url } = values;
  const isComplete = ARGUMENTS.get(verb)?.test(argument) ?? false;
  if (!isComplete || others.length > 0 || url === undefined) throw new SandboxError(usage(command));
  return { verb, argument, url: originOf(url) };
}

function parse(args: string[], command: string) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { url: { type: "string" } } });
  } catch (cause) {
    throw new SandboxError(usage(command), { cause });
  }
}

async function create(send: Send, name: string): Promise<void> {
  const { id, key } = await send("post", "/sandbox/partners", { body: { name } });
  console.log(`Partner ${id} was created. Its key is shown only once:\n\n  ${key}\n`);
}

async function createKey(send: Send, id: number): Promise<void> {
  const path = { partner_id: id };
  const { key } = await send("post", "/sandbox/partners/{partner_id}/keys", { path });
  console.log(`Partner ${id} has a new key. It is shown only once:\n\n  ${key}\n`);
}

async function list(send: Send): Promise<void> {
  const partners: { id: number }[] = [];
  for (let hasMore = true; hasMore;) {
    const query = { limit: PAGE_ITEMS, starting_after: partners.at(-1)?.id };
    const page = await send("get", "/sandbox/partners", { query });
    partners.push(...page.data);
    hasMore = page.has_more;
  }
  console.table(partners);
}

async function remove(send: Send, id: number): Promise<void> {
  const path = { partner_id: id };
  for (;;) {
    const part = await send("delete", "/sandbox/partners/{partner_id}", { path });
    if (!part) break;
    console.log(`${part.deleted_rows} rows deleted, more remain …`);
  }
  console.log(`Partner ${id} was deleted.`);
}
