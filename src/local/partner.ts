/**
 * `orders-sandbox partner create "Name" --url …`, and `npm run partner`: the partners of a sandbox, for
 * whoever runs it. The ADMIN_TOKEN comes from the environment, where no list of processes shows it.
 */
import { parseArgs } from "node:util";
import { connect, originOf, type Send } from "./connection.ts";
import { SandboxError } from "./sandbox-error.ts";

const usage = (command: string): string => `Say what to do, with ADMIN_TOKEN in the environment:

  ADMIN_TOKEN=… ${command} create "Name" --url <URL>   creates a partner, and shows its first key
  ADMIN_TOKEN=… ${command} list --url <URL>            lists the partners, and what each has
  ADMIN_TOKEN=… ${command} key <id> --url <URL>        makes another key, and shows it
  ADMIN_TOKEN=… ${command} delete <id> --url <URL>     deletes a partner with all that is its own
`;

/** What each is about: a name, nothing, or a partner's number. */
const ARGUMENTS = new Map([
  ["create", /./],
  ["list", /^$/],
  ["key", /^\d+$/],
  ["delete", /^\d+$/],
]);

/** The most partners that one request lists. */
const PAGE = 100;

/** `command` is how the user called this, for what it says. */
export async function partner(args: string[], command: string): Promise<void> {
  const { verb, argument, url } = readArguments(args, command);
  const token = process.env["ADMIN_TOKEN"];
  if (!token) {
    throw new SandboxError(
      "Set ADMIN_TOKEN in the environment to the secret of the sandbox that you run.",
    );
  }
  const send = connect(url, token);
  try {
    if (verb === "create") await create(send, argument);
    else if (verb === "list") await list(send);
    else if (verb === "key") await createKey(send, Number(argument));
    else await remove(send, Number(argument));
  } catch (error) {
    throw isWithoutToken(error) ? new SandboxError(withoutToken(url)) : error;
  }
}

/** An operation that isn't there, as nobody may use it. */
const isWithoutToken = (error: unknown): boolean =>
  error instanceof SandboxError && error.type === "NOT_FOUND_ERROR";

const withoutToken = (url: string): string =>
  `${url} has no ADMIN_TOKEN: start it with --var ADMIN_TOKEN:<secret>, or set it with npx wrangler secret put ADMIN_TOKEN where it is deployed.`;

function readArguments(args: string[], command: string) {
  const given = parsed(args);
  const [verb = "", argument = "", ...others] = given?.positionals ?? [];
  const url = given?.values.url;
  const isComplete = ARGUMENTS.get(verb)?.test(argument) ?? false;
  if (!isComplete || others.length > 0 || url === undefined) throw new SandboxError(usage(command));
  return { verb, argument, url: originOf(url) };
}

/** Nothing where there is a flag that isn't one: the usage helps then, too. */
function parsed(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { url: { type: "string" } } });
  } catch {
    return undefined;
  }
}

async function create(send: Send, name: string): Promise<void> {
  const { id, key } = await send("post", "/sandbox/partners", { body: { name } });
  console.log(`Partner ${id} is created. Its key is shown only now:\n\n  ${key}\n`);
}

async function createKey(send: Send, id: number): Promise<void> {
  const path = { partner_id: id };
  const { key } = await send("post", "/sandbox/partners/{partner_id}/keys", { path });
  console.log(`Partner ${id} has another key. It is shown only now:\n\n  ${key}\n`);
}

async function list(send: Send): Promise<void> {
  const partners: { id: number }[] = [];
  for (let hasMore = true; hasMore;) {
    const query = { limit: PAGE, starting_after: partners.at(-1)?.id };
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
    console.log(`${part.deleted_rows} rows deleted, and there are more …`);
  }
  console.log(`Partner ${id} is deleted.`);
}
