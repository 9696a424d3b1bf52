import { execFile } from "node:child_process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox, type Environment, type Sandbox } from "../../src/local/index.ts";
import { Program } from "./program.ts";
import { freePort } from "./server.ts";

let sandbox: Sandbox;
let port: number;
beforeAll(async () => {
  await buildIfChanged();
  port = await freePort();
  sandbox = await createSandbox({ port });
});
afterAll(() => sandbox.close());

const PROGRAM = ["src/local/bin.ts", "requests"];

/** Runs `orders-sandbox requests` until it exits. */
function requests(args: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { env: { ...process.env, ...env } };
    const child = execFile(process.execPath, [...PROGRAM, ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    );
  });
}

const post = ({ url, key }: Environment, path: string, body: object) =>
  fetch(url + path, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

const event = { order_id: "order-1", type: "CAPTURED", amount: 1, network_transaction_id: "txn-1" };

it("shows the last requests, oldest first, with errors, faults and warnings", async () => {
  await using environment = await sandbox.environment();
  const { url, key } = environment;
  const order = { id: "order-1", payment_method_id: "pm-1", partner_order_id: "po-1" };
  await post(environment, "/v2/orders", { ...order, total_order_amount: 5, reward_amount: 1 });
  await environment.faults.add({ fault: "lost_response" });
  await post(environment, "/v2/order_events", { ...event, order_event_id: "e-1" }).catch(() => {});
  await post(environment, "/v2/order_events", {
    ...event,
    order_event_id: "e-2",
    order_id: "none",
  });

  const shown = await requests(["--url", url, "--key", key]);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  const time = String.raw`\d\d:\d\d:\d\d {2}`;
  const [created, lost, refused] = shown.stdout.trimEnd().split("\n");
  expect(created).toMatch(
    new RegExp(
      `^${time}POST {3}/v2/orders {2}order-1 {2}200 {2}\\d+ ms {2}warning unknown_field;param="reward_amount"`,
    ),
  );
  expect(lost).toMatch(
    new RegExp(
      `^${time}POST {3}/v2/order_events {2}order-1 e-1 {2}no response {2}\\d+ ms {2}fault lost_response$`,
    ),
  );
  expect(refused).toMatch(/ {2}404 {2}\d+ ms {2}ORDER_NOT_FOUND_ERROR: There is no order none\.$/);

  const last = await requests(["--json", "--count", "1", "--url", `${url}/`], { SANDBOX_KEY: key });
  expect(JSON.parse(last.stdout)).toMatchObject({ status: 404, order_id: "none" });
});

it("follows the requests across a restart of the sandbox, until Ctrl-C", async () => {
  await fetch(`${sandbox.url}/v2/orders?id=before`, { headers: headersOf(sandbox) });
  const args = [...PROGRAM, "--follow", "--json", "--url", sandbox.url];
  const program = new Program(process.execPath, args, '"order_id":"before"');
  await program.ready();
  await fetch(`${sandbox.url}/v2/orders?id=while`, { headers: headersOf(sandbox) });
  await expect.poll(() => program.output, { timeout: 2_000 }).toContain('"order_id":"while"');

  await sandbox.close();
  await expect.poll(() => program.output).toContain("is unavailable");
  sandbox = await createSandbox({ port });
  await fetch(`${sandbox.url}/v2/orders?id=after`, { headers: headersOf(sandbox) });
  await expect.poll(() => program.output).toContain('"order_id":"after"');
  await program.stop();
  expect(await program.exited()).toBe(0);
  expect(program.output.match(/order_id/g)).toHaveLength(3);
  expect(program.output).not.toMatch(/^\s+at /m);
});

const headersOf = ({ key }: Environment) => ({ Authorization: `Bearer ${key}` });

it("ends without an error when its output is closed", async () => {
  const command = `exec ${process.execPath} ${PROGRAM.join(" ")} --follow --url ${sandbox.url} | head -n 1`;
  const shell = new Program("bash", ["-c", command], "GET");
  // Nothing reads the second line.
  const send = setInterval(() => {
    void fetch(`${sandbox.url}/v2/orders`, { headers: headersOf(sandbox) });
  }, 200);
  try {
    expect(await shell.exited()).toBe(0);
  } finally {
    clearInterval(send);
  }
  expect(shell.output.trim().split("\n")).toHaveLength(1);
});

it("ends when its key is rejected", async () => {
  const environment = await sandbox.environment();
  const args = [...PROGRAM, "--follow", "--url", sandbox.url, "--key", environment.key];
  const program = new Program(process.execPath, args, "GET");
  await fetch(`${sandbox.url}/v2/orders`, { headers: headersOf(environment) });
  await program.ready();
  await environment.delete();
  expect(await program.exited()).toBe(1);
  expect(program.output).toMatch(/API key/);
});

it.each([
  ["an unknown flag", ["--fast"], "Unknown option '--fast'. Run orders-sandbox requests --help"],
  ["a path", ["--url", "http://localhost/docs"], "without a path"],
  ["a count that isn't a number", ["--count", "all"], "from 0 to 100"],
  ["a wrong key", ["--key", "test_wrong"], "API key"],
  ["an unreachable server", ["--url", "http://localhost:1"], "http://localhost:1 can't be reached"],
])("rejects %s with an explanation", async (_, args, sentence) => {
  const { code, stdout, stderr } = await requests(["--url", sandbox.url, ...args]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/^\s+at /m);
});

it("prints its usage", async () => {
  const { stdout } = await requests(["--help"]);
  expect(stdout).toMatch(/^Usage: orders-sandbox requests \[flags\][^]*--follow/);
});
