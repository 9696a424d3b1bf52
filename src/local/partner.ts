/**
 * `orders-sandbox partner create "Name" --url …`, and `npm run partner`: the partners of a sandbox, for
 * whoever runs it. The ADMIN_TOKEN comes from the environment, where no list of processes shows it.
 */
import { parseArgs } from "node:util";
import { SandboxError } from "./sandbox-error.ts";

const usage = (command: string): string => `Say what to do, with ADMIN_TOKEN in the environment:

  ADMIN_TOKEN=… ${command} create "Name" --url <URL>   creates a partner, and shows its first key
  ADMIN_TOKEN=… ${command} list --url <URL>            lists the partners, and what each has
  ADMIN_TOKEN=… ${command} key <id> --url <URL>        makes another key, and shows it
  ADMIN_TOKEN=… ${command} delete <id> --url <URL>     deletes a partner with all that is its own
`;

/** The most partners that one request lists. */
const PAGE = 100;

/** The sandbox that is meant, and who asks it. */
interface Operator {
  url: string;
  token: string;
}

/** `command` is how the user called this, for what it says. */
export async function partner(args: string[], command: string): Promise<void> {
  const { verb, argument, url } = readArguments(args, command);
  const token = process.env["ADMIN_TOKEN"];
  if (!token) {
    throw new SandboxError(
      "Set ADMIN_TOKEN in the environment to the secret of the sandbox that you run.",
    );
  }
  const operator = { url, token };
  if (verb === "create") await create(operator, argument);
  else if (verb === "list") await list(operator);
  else if (verb === "key") await createKey(operator, argument);
  else await remove(operator, argument);
}

function readArguments(args: string[], command: string) {
  const given = parsed(args);
  const [verb = "", argument = "", ...others] = given?.positionals ?? [];
  const url = given?.values.url;
  const isComplete = verb === "list" ? argument === "" : argument !== "";
  const isKnown = ["create", "list", "key", "delete"].includes(verb);
  if (!isKnown || !isComplete || others.length > 0 || url === undefined) {
    throw new SandboxError(usage(command));
  }
  if (!/^https?:\/\/[^/]+\/?$/.test(url)) {
    throw new SandboxError(
      `--url takes a URL without a path, like http://localhost:8787, but is ${url}.`,
    );
  }
  return { verb, argument, url };
}

/** Nothing where there is a flag that isn't one: the usage helps then, too. */
function parsed(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { url: { type: "string" } } });
  } catch {
    return undefined;
  }
}

async function create(operator: Operator, name: string): Promise<void> {
  const { id, key } = (await send(operator, "POST", "", { name })).body;
  console.log(`Partner ${id} is created. Its key is shown only now:\n\n  ${key}\n`);
}

async function createKey(operator: Operator, id: string): Promise<void> {
  const { key } = (await send(operator, "POST", `/${encodeURIComponent(id)}/keys`)).body;
  console.log(`Partner ${id} has another key. It is shown only now:\n\n  ${key}\n`);
}

async function list(operator: Operator): Promise<void> {
  const partners: { id: number }[] = [];
  for (let hasMore = true; hasMore;) {
    const after = partners.length > 0 ? `&starting_after=${partners.at(-1)!.id}` : "";
    const { body } = await send(operator, "GET", `?limit=${PAGE}${after}`);
    partners.push(...body.data);
    hasMore = body.has_more;
  }
  console.table(partners);
}

async function remove(operator: Operator, id: string): Promise<void> {
  for (;;) {
    const { status, body } = await send(operator, "DELETE", `/${encodeURIComponent(id)}`);
    if (status !== 202) break;
    console.log(`${body.deleted_rows} rows deleted, and there are more …`);
  }
  console.log(`Partner ${id} is deleted.`);
}

/** Sends a request as the operator. Throws what the sandbox says where it refuses. */
async function send({ url, token }: Operator, method: string, path: string, content?: object) {
  const response = await fetch(new URL(`/sandbox/partners${path}`, url), {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    ...(content && { body: JSON.stringify(content) }),
  }).catch(() => undefined);
  if (!response) throw new SandboxError(`${url} can't be reached: is the sandbox running?`);
  const body = parse(await response.text());
  if (response.ok && body !== undefined) return { status: response.status, body };
  const { type, message } = body?.error ?? {};
  if (type === "NOT_FOUND_ERROR") {
    throw new SandboxError(
      `${url} has no ADMIN_TOKEN: start it with --var ADMIN_TOKEN:<secret>, or set it with npx wrangler secret put ADMIN_TOKEN where it is deployed.`,
    );
  }
  throw new SandboxError(message ?? `${url} answered ${response.status}: it is no Orders Sandbox.`);
}

/** What a body says, null where there is none, undefined where it is not JSON. */
function parse(text: string) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return undefined;
  }
}
