import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { readBuiltWorker } from "../../src/local/artifacts.ts";
import { startRuntime } from "../../src/local/runtime.ts";
import { runHourlyJob } from "../../src/local/sandbox.ts";
import { Program } from "./program.ts";
import { freePort } from "./server.ts";

const PROGRAM = "src/local/bin.ts";

let folder: string;
beforeAll(async () => {
  await buildIfChanged();
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-program-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const runToItsEnd = (...args: string[]) => promisify(execFile)("node", [PROGRAM, ...args]);

const get = (port: number, path: string) =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { Authorization: "Bearer test_sandbox_a" },
  });

it("prints the URL, the key, a first call, and a line for each request", async () => {
  const port = await freePort();
  const program = await new Program("node", [PROGRAM, "--port", `${port}`], "Try it:").ready();
  await get(port, "/v2/orders?limit=1");
  await get(port, "/v2/orders?limit=%1B[1m");
  await fetch(`http://127.0.0.1:${port}/v2/orders`, {
    method: "POST",
    headers: { Authorization: "Bearer test_sandbox_a", "Content-Type": "application/json" },
    body: `{"id":"order-1","payment_method_id":"pm","partner_order_id":"po","total_order_amount":1}`,
  });
  await expect.poll(() => program.output).toContain("POST");
  await program.stop();
  const url = `http://localhost:${port}`;
  expect(program.output.replace(/\d+ ms/g, "… ms")).toMatch(
    `
Orders Sandbox is ready.

  URL        ${url}
  Key        test_sandbox_a
  Console    ${url}/console
  Reference  ${url}/docs

Try it:

  curl ${url}/v2/orders -H "Authorization: Bearer test_sandbox_a"

GET    /v2/orders?limit=1  200  … ms
GET    /v2/orders?limit=%1B[1m  400  … ms  INVALID_REQUEST_ERROR: `,
  );
  expect(program.output).toMatch(/^POST {3}\/v2\/orders {2}order-1 {2}200 {2}\d+ ms$/m);
  expect(program.output).not.toContain("\u001B");
  expect(program.output.trimEnd().split("\n")).toHaveLength(15);
});

it("prints one line of JSON with --json", async () => {
  const flags = ["--port", "0", "--json"];
  const program = await new Program("node", [PROGRAM, ...flags], "\n").ready();
  const { url, keys } = JSON.parse(program.output);
  expect(keys).toEqual(["test_sandbox_a", "test_sandbox_b"]);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await get(Number(new URL(url).port), "/v2/orders")).status).toBe(200);
  await program.stop();
  expect(program.output.trimEnd().split("\n")).toHaveLength(1);
});

it("leaves no address of localhost to another server", async () => {
  const port = await freePort();
  const program = await new Program("node", [PROGRAM, "--port", `${port}`], "Try it:").ready();
  for (const address of ["127.0.0.1", "::1"]) {
    const other = createServer().listen(port, address);
    const error = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
      other.once("error", resolve).once("listening", () => {
        other.close();
        reject(new Error(`another server listens on ${address}`));
      });
    });
    // Without IPv6, nobody can listen on ::1.
    if (address === "::1" && error.code !== "EADDRINUSE") continue;
    expect(error.code).toBe("EADDRINUSE");
    const host = address === "::1" ? "[::1]" : address;
    expect((await fetch(`http://${host}:${port}/health`)).status).toBe(200);
  }
  await program.stop();
});

it("stores nothing that another user can read or replace", async () => {
  const TMPDIR = await mkdtemp(join(folder, "shared-"));
  const persistTo = await mkdtemp(join(folder, "state-"));
  await chmod(TMPDIR, 0o777);
  await chmod(persistTo, 0o755);
  const env = { ...process.env, TMPDIR };
  const flags = [PROGRAM, "--port", "0", "--json"];
  const inMemory = await new Program("node", flags, "\n", { env }).ready();
  const onDisk = await new Program("node", [...flags, "--persist-to", persistTo], "\n", {
    env,
  }).ready();
  const names = await readdir(TMPDIR);
  expect(names.map((name) => name.replace(/-.*/, ""))).toEqual(["orders", "orders"]);
  for (const path of [...names.map((name) => join(TMPDIR, name)), join(persistTo, "v3")]) {
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  }
  await inMemory.stop("SIGKILL");
  await onDisk.stop();
  await expect.poll(() => readdir(TMPDIR)).toEqual([]);
});

it("prints no requests with --quiet, and warns about a public address", async () => {
  const port = await freePort();
  const flags = ["--port", `${port}`, "--quiet", "--host", "0.0.0.0"];
  const program = await new Program("node", [PROGRAM, ...flags], "are public").ready();
  await get(port, "/v2/orders");
  await program.stop();
  expect(program.output).not.toContain("GET");
});

it("looks up no name except localhost", async () => {
  const hook = join(folder, "hook.mjs");
  // Covers Node's lookups. workerd makes none without a request.
  await writeFile(
    hook,
    `import dns from "node:dns";
     const { lookup } = dns;
     dns.lookup = (name, ...rest) => { console.log("LOOK-UP", name); return lookup(name, ...rest); };
     dns.promises.lookup = async (name) => { console.log("LOOK-UP", name); throw new Error(name); };`,
  );
  const args = ["--import", hook, PROGRAM, "--port", `${await freePort()}`];
  const program = await new Program("node", args, "Try it:").ready();
  await program.stop();
  const names = [...program.output.matchAll(/LOOK-UP (\S+)/g)].map(([, name]) => name);
  const own = new Set<unknown>(["localhost", "127.0.0.1", "::1"]);
  expect(names.filter((name) => !own.has(name))).toEqual([]);
});

it.each([
  ["--prot", "Unknown option '--prot'"],
  ["--port=many", "--port expects a number from 0 to 65535, but received many."],
  ["--port=70000", "The port must be a number from 0 to 65535, but is 70000."],
  ["--var=ADMIN_TOKEN", "--var expects NAME:VALUE, or a NAME that the environment sets"],
  ["--var=ADMIN_TOKEN:secret", "ADMIN_TOKEN: Expected at least 32 characters, but received 6."],
  ["--var=ORDER_QUOTA:1_0", "ORDER_QUOTA: Expected a whole number, or nothing for no quota"],
  ["--var=RETENTION_DAYS:abc", "RETENTION_DAYS: Expected a whole number of days"],
  ["--host=192.0.2.1", "Can't listen on 192.0.2.1"],
  ["--persist-to=package.json/state", "Can't store data in package.json/state: EEXIST"],
])("rejects %s with one sentence", async (flag, sentence) => {
  const ended = runToItsEnd(flag);
  await expect(ended).rejects.toMatchObject({ code: 1, stdout: "" });
  const { stderr } = (await ended.catch((error: unknown) => error)) as { stderr: string };
  expect(stderr).toContain(sentence);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

it("prints its help and its version without starting", async () => {
  const { stdout } = await runToItsEnd("--help");
  for (const flag of [
    "port",
    "host",
    "allow-host",
    "persist-to",
    "var",
    "quiet",
    "json",
    "version",
    "help",
  ]) {
    expect(stdout).toContain(`--${flag}`);
  }
  const { version } = JSON.parse(await readFile("package.json", "utf8"));
  expect((await runToItsEnd("--version")).stdout).toBe(`${version}\n`);
});

it("provides every binding in the Worker's types", async () => {
  const types = await readFile("src/env.d.ts", "utf8");
  const [, declared = ""] = /interface __BaseEnv_Env \{\n([^}]*)\}/.exec(types) ?? [];
  const names = [...declared.matchAll(/^\t(\w+):/gm)].map(([, name]) => name);
  const { worker, assetsBinding } = await readBuiltWorker();
  const { workers } = convertV4MiniflareOptions({
    ...(worker as object),
    name: worker.name,
    script: "",
    modules: true,
  });
  const bound = (workers as { config: { env: object } }[]).flatMap(({ config }) =>
    Object.keys(config.env),
  );
  bound.push(assetsBinding);
  expect(bound.toSorted()).toEqual(names.toSorted());
});

it("runs the hourly job", async () => {
  const runtime = await startRuntime(await readBuiltWorker(), {
    host: "127.0.0.1",
    port: 0,
    allowHosts: [],
    persistTo: undefined,
    vars: {},
    onRequest: undefined,
    onError: () => undefined,
    guard: { onSpawn: () => undefined, temporaryFolder: undefined },
  });
  expect(await runHourlyJob(runtime)).toBe("ok");
  await runtime.dispose();
});
