/**
 * `npm run partner -- create "Name" --url …`: the partners of a sandbox, for whoever runs it. The
 * ADMIN_TOKEN comes from the environment, where no list of processes shows it.
 */
import { parseArgs } from "node:util";
import { fail } from "./tools.ts";

const USAGE = `Say what to do, with ADMIN_TOKEN in the environment:

  ADMIN_TOKEN=… npm run partner -- create "Name" --url <URL>   creates a partner, and shows its first key
  ADMIN_TOKEN=… npm run partner -- list --url <URL>            lists the partners, and what each has
  ADMIN_TOKEN=… npm run partner -- key <id> --url <URL>        makes another key, and shows it
  ADMIN_TOKEN=… npm run partner -- delete <id> --url <URL>     deletes a partner with all that is its own
`;

/** The most partners that one request lists. */
const PAGE = 100;

const { command, argument, url } = readArguments();
const token =
  process.env["ADMIN_TOKEN"] ||
  fail("Set ADMIN_TOKEN in the environment to the secret of the sandbox that you run.");

if (command === "create") await create(argument);
else if (command === "list") await list();
else if (command === "key") await createKey(argument);
else await remove(argument);

function readArguments() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { url: { type: "string" } },
    });
    const [verb = "", what = "", ...others] = positionals;
    const isComplete = verb === "list" ? what === "" : what !== "";
    const isKnown = ["create", "list", "key", "delete"].includes(verb);
    if (isKnown && isComplete && others.length === 0 && values.url) {
      if (/^https?:\/\/[^/]+\/?$/.test(values.url)) {
        return { command: verb, argument: what, url: values.url };
      }
      fail(`--url takes a URL without a path, like http://localhost:8787, but is ${values.url}.`);
    }
  } catch {
    // A flag that there isn't: the same lines help.
  }
  return fail(USAGE);
}

async function create(name: string): Promise<void> {
  const { id, key } = (await send("POST", "", { name })).body;
  console.log(`Partner ${id} is created. Its key is shown only now:\n\n  ${key}\n`);
}

async function createKey(id: string): Promise<void> {
  const { key } = (await send("POST", `/${encodeURIComponent(id)}/keys`)).body;
  console.log(`Partner ${id} has another key. It is shown only now:\n\n  ${key}\n`);
}

async function list(): Promise<void> {
  const partners: { id: number }[] = [];
  for (let hasMore = true; hasMore;) {
    const after = partners.length > 0 ? `&starting_after=${partners.at(-1)!.id}` : "";
    const { body } = await send("GET", `?limit=${PAGE}${after}`);
    partners.push(...body.data);
    hasMore = body.has_more;
  }
  console.table(partners);
}

async function remove(id: string): Promise<void> {
  for (;;) {
    const { status, body } = await send("DELETE", `/${encodeURIComponent(id)}`);
    if (status !== 202) break;
    console.log(`${body.deleted_rows} rows deleted, and there are more …`);
  }
  console.log(`Partner ${id} is deleted.`);
}

/** Sends a request as the operator. Ends the program with what the sandbox says where it refuses. */
async function send(method: string, path: string, content?: object) {
  const response = await fetch(new URL(`/sandbox/partners${path}`, url), {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    ...(content && { body: JSON.stringify(content) }),
  }).catch(() => fail(`${url} can't be reached.`));
  const body = parse(await response.text());
  if (response.ok && body !== undefined) return { status: response.status, body };
  const { type, message } = body?.error ?? {};
  if (type === "NOT_FOUND_ERROR") {
    fail(
      `${url} has no ADMIN_TOKEN: set it with npx wrangler secret put ADMIN_TOKEN, or start with npm start -- --var ADMIN_TOKEN:<secret>.`,
    );
  }
  return fail(message ?? `${url} answered ${response.status}: it is no Orders Sandbox.`);
}

/** What a body says, null where there is none, undefined where it is not JSON. */
function parse(text: string) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return undefined;
  }
}
