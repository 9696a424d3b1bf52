/**
 * `npm run partner -- create "Name" --url …`: the partners of a sandbox, for whoever runs it. The
 * ADMIN_TOKEN comes from the environment, where no list of processes shows it.
 */
import { parseArgs } from "node:util";
import { fail } from "./tools.ts";

const USAGE = `Say what to do:

  npm run partner -- create "Name" --url <URL>   creates a partner, and shows its first key
  npm run partner -- list --url <URL>            lists the partners, and what each has
  npm run partner -- delete <id> --url <URL>     deletes a partner with all that is its own
`;

/** The most partners that one request lists. */
const PAGE = 100;

const { command, argument, url } = readArguments();
const token =
  process.env["ADMIN_TOKEN"] ||
  fail("Set ADMIN_TOKEN in the environment to the secret of the sandbox that you run.");

if (command === "create") await create(argument);
else if (command === "list") await list();
else await remove(argument);

function readArguments() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { url: { type: "string" } },
    });
    const [verb = "", what = "", ...others] = positionals;
    const isComplete = verb === "list" ? what === "" : what !== "";
    const isKnown = ["create", "list", "delete"].includes(verb);
    if (isKnown && isComplete && others.length === 0 && URL.canParse(values.url ?? "")) {
      return { command: verb, argument: what, url: values.url! };
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
  const text = await response.text();
  if (response.ok) return { status: response.status, body: text && JSON.parse(text) };
  if (response.status === 404 && method !== "DELETE") {
    fail(
      `${url} has no partners to manage: set its secret with npx wrangler secret put ADMIN_TOKEN.`,
    );
  }
  return fail(messageOf(text) ?? `${url} answered ${response.status}: it is no Orders Sandbox.`);
}

function messageOf(text: string): string | undefined {
  try {
    return JSON.parse(text).error.message;
  } catch {
    return undefined;
  }
}
