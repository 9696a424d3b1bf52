import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, request as open } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox, type OwnEnvironment, type Sandbox } from "../../src/local/index.ts";

const run = promisify(execFile);
/** Control characters that a terminal interprets, and invisible ones that reorder text. */
const CONTROLS = /[^\n\P{C}]/u;

let sandbox: Sandbox;
let env: OwnEnvironment;
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox();
  env = await sandbox.environment();
});
afterAll(() => sandbox.close());

/** Sends a POST with this path, unchanged, and returns the recorded request. */
async function post(path: string) {
  const headers = { Authorization: `Bearer ${env.key}`, "Content-Length": 0 };
  const { port } = new URL(env.url);
  const request = open({ host: "127.0.0.1", port, method: "POST", path, headers }).end();
  const [response] = await once(request, "response");
  response.resume();
  const request_id = response.headers["x-request-id"];
  return env.request((await env.waitForRequest({ request_id })).id);
}

it("records the path as it was sent, percent-encoded", async () => {
  for (const path of [
    "/v2/orders/x%5c..%5c..%5c..%5csandbox%5creset",
    "/v2/orders/x/../../../sandbox/reset",
    "/v2/orders/.%09./x",
    "/v2/orders/a%20b%2Fc%0a",
  ]) {
    expect(await post(`${path}?a=1`)).toMatchObject({ path, query: "a=1" });
  }
  // Two raw bytes: in UTF-8 they are a control character.
  const raw = await post("/v2/orders/x\xc2\x9b31m");
  expect(raw.path).toBe("/v2/orders/x%C2%9B31m");
  expect(raw.url).toMatch(/%C2%9B31m$/);
  expect(await env.requests({ path: "/v2/orders/a%20b*" })).toHaveLength(1);
});

it("prints each recorded request on one line, without control characters", async () => {
  await post("/v2/order_events/%1b%5d0;OWNED%07%1b%5b2J%0d%0a::error::forged");
  await fetch(`${env.url}/v2/orders?id=${encodeURIComponent("a\u009b31m\u202e\n::error::id")}`, {
    headers: { Authorization: `Bearer ${env.key}` },
  });
  await env.waitForRequest({ method: "GET" });
  const args = ["src/local/bin.ts", "requests", "--url", env.url, "--key", env.key];
  for (const format of [[], ["--json"]]) {
    const { stdout } = await run(process.execPath, [...args, "--count", "2", ...format]);
    expect(stdout).not.toMatch(CONTROLS);
    expect(stdout).not.toMatch(/^::/m);
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
  }
});

it("throws errors without control characters", async () => {
  await post("/v2/order_events/x%0a::error::forged%1b%5b31m");
  const none = { method: "PATCH" };
  const timeout = await env.waitForRequest(none, { timeout: 100 }).catch(String);
  expect(timeout).not.toMatch(CONTROLS);
  expect(timeout).not.toContain("\n");

  const order_id = "a\u001b[31m\n::error::id";
  await env.faults.add({ fault: "error", match: { order_id: "none", method: "GET" } });
  const response = await fetch(`${env.url}/v2/orders?id=${encodeURIComponent(order_id)}`, {
    headers: { Authorization: `Bearer ${env.key}` },
  });
  await env.waitForRequest({ request_id: response.headers.get("X-Request-Id")! });
  const unused = await env.faults.assertUsed().catch(String);
  expect(unused).toContain("::error::id");
  expect(unused).not.toMatch(CONTROLS);
  expect(unused).not.toContain("\n");
});

it("prints the message of a refusal on one line, without control characters", async () => {
  const message = "\u001b]0;OWNED\u0007\u001b[2J\r\n::error::forged\u009b31m";
  const server = createServer((_, response) => {
    response.writeHead(409).end(JSON.stringify({ error: { type: "X", message } }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const args = ["src/local/bin.ts", "requests", "--url", url];
    const { stderr } = await run(process.execPath, args).catch((error) => error);
    expect(stderr).toContain("OWNED");
    expect(stderr).not.toMatch(CONTROLS);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  } finally {
    server.close();
  }
});
