/**
 * `npm start`: migrations, the local seed, then `wrangler dev`. Every flag reaches `wrangler dev`;
 * `--port` and `--persist-to` count for the steps before it too.
 */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isFree } from "./ports.ts";
import { fail, run } from "./tools.ts";

const SEEDED_KEY = "test_sandbox_a";
const READY_POLL_MILLISECONDS = 100;

const flags = process.argv.slice(2);
const { values } = parseArgs({
  args: flags,
  strict: false,
  options: {
    port: { type: "string" },
    "persist-to": { type: "string" },
    "inspector-port": { type: "string" },
  },
});
const port = Number(values.port ?? 8787);
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  fail(`--port takes a number from 1 to 65535, but received ${String(values.port)}.`);
}
if (!(await isFree(port))) {
  fail(
    `Port ${port} is taken. Stop what uses it, or choose another: npm start -- --port ${port + 1}`,
  );
}

console.log("Preparing the local database …");
const local = [
  "--local",
  ...(values["persist-to"] ? ["--persist-to", String(values["persist-to"])] : []),
];
await run("wrangler", ["d1", "migrations", "apply", "DB", ...local]);
await run("wrangler", ["d1", "execute", "DB", "--file", "drizzle/seed.sql", ...local]);

const defaults = [
  ...(values.port ? [] : ["--port", `${port}`]),
  // Any that is free: two sandboxes that start at once would both take Wrangler's.
  ...(values["inspector-port"] ? [] : ["--inspector-port", "0"]),
];
const server = spawn("wrangler", ["dev", ...defaults, ...flags], {
  stdio: "inherit",
  env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
});
server.on("exit", (code) => process.exit(code ?? 0));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.kill(signal));

const url = `http://localhost:${port}`;
while (!(await answers(url))) await sleep(READY_POLL_MILLISECONDS);
console.log(`
Orders Sandbox is ready.

  URL  ${url}
  Key  ${SEEDED_KEY}

Try it:

  curl ${url}/v2/orders -H "Authorization: Bearer ${SEEDED_KEY}"
`);

async function answers(address: string): Promise<boolean> {
  return fetch(`${address}/openapi.json`).then(
    (response) => response.ok,
    () => false,
  );
}
