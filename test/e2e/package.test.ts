import { exec } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Program } from "./program.ts";
import { freePort } from "./server.ts";
import { packTarball, userEnv } from "./user.ts";

const MAX_TARBALL_BYTES = 3_000_000;
const MAX_INSTALLED_MEBIBYTES = 200;
const REFUSED_MILLISECONDS = 60_000;

let folder: string;
let tarball: string;
let env: NodeJS.ProcessEnv;
/** Installs as a user does: with the tarball, an empty folder, Node and npm. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-package-"));
  tarball = await packTarball();
  env = { ...userEnv(), npm_config_cache: join(folder, "cache") };
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(command: string, cwd: string): Promise<string> {
  return (await promisify(exec)(command, { cwd, env })).stdout;
}

it("installs, and rejects a refund, in under a minute, from an empty folder", async () => {
  const began = Date.now();
  const cwd = await mkdtemp(join(folder, "project-"));
  const port = await freePort();
  const flags = ["--yes", "--package", tarball, "orders-sandbox", "--port", `${port}`];
  const sandbox = await new Program("npx", flags, "Try it:", { cwd, env }).ready();
  const url = `http://localhost:${port}`;
  await post(url, "orders", {
    id: "order-1",
    payment_method_id: "pm-1",
    partner_order_id: "po-1",
    total_order_amount: 5000,
  });
  const event = { order_id: "order-1", network_transaction_id: "nt-1" };
  await post(url, "order_events", { ...event, type: "CAPTURED", amount: 5000 });
  const refused = await post(url, "order_events", { ...event, type: "REFUNDED", amount: 5001 });
  expect(refused.status).toBe(409);
  const milliseconds = Date.now() - began;
  console.log(`npx: refused after ${milliseconds} ms`);
  expect(milliseconds).toBeLessThan(REFUSED_MILLISECONDS);
  await expect.poll(() => sandbox.output).toContain("CONFLICT_ERROR: A refund of 5001");
  expect(sandbox.output).toMatch(/^POST {3}\/v2\/order_events {2}409 {2}\d+ ms {2}CONFLICT_ERROR/m);
  await sandbox.stop();
});

function post(url: string, resource: string, body: object): Promise<Response> {
  return fetch(`${url}/v2/${resource}`, {
    method: "POST",
    headers: { Authorization: "Bearer test_sandbox_a", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

it("is small, requires Node 22, and has no install script", async () => {
  // Where npx installed the package.
  const [cwd = ""] = globSync("cache/_npx/*", { cwd: folder }).map((path) => join(folder, path));
  const size = (await readFile(tarball)).length;
  const mebibytes = Number((await run("du -sm node_modules", cwd)).split("\t")[0]);
  const packages = (await run("npm ls --all --parseable", cwd)).trim().split("\n").length - 1;
  console.log(`tarball ${size} bytes; installed ${mebibytes} MiB in ${packages} packages`);
  expect(size).toBeLessThanOrEqual(MAX_TARBALL_BYTES);
  expect(mebibytes).toBeLessThanOrEqual(MAX_INSTALLED_MEBIBYTES);
  const manifest = await readFile(join(cwd, "node_modules/orders-sandbox/package.json"), "utf8");
  const { scripts, engines, dependencies } = JSON.parse(manifest);
  expect(scripts).toBeUndefined();
  expect(engines).toEqual({ node: ">=22" });
  expect(Object.keys(dependencies)).toEqual(["miniflare"]);
});

it("rejects an older Node with one sentence", async () => {
  const cwd = await mkdtemp(join(folder, "older-"));
  await run(`tar xzf ${tarball}`, cwd);
  const pretend = `Object.defineProperty(process.versions, "node", { value: "20.19.0" });`;
  await writeFile(join(cwd, "older.mjs"), pretend);
  const started = run("node --import ./older.mjs package/local/bin.js", cwd);
  await expect(started).rejects.toMatchObject({
    code: 1,
    stderr: "Orders Sandbox needs Node 22 or newer, but this is Node 20.19.0.\n",
  });
});
