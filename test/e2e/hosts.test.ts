import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { readBuiltWorker } from "../../src/local/artifacts.ts";
import { startRuntime } from "../../src/local/runtime.ts";
import { createSandbox, type Sandbox } from "../../src/local/index.ts";
import { Program } from "./program.ts";

let sandbox: Sandbox;
let open: Program;
let openUrl: string;
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox({ allowHosts: ["Orders-Sandbox"] });
  const flags = ["--host", "0.0.0.0", "--allow-host", "compose-service", "--port", "0", "--json"];
  const env = { ...process.env, SANDBOX_ALLOW_HOST: "workflow-service, other" };
  open = await new Program("node", ["src/local/bin.ts", ...flags], "\n", { env }).ready();
  const [line = ""] = open.output.split("\n");
  openUrl = `http://127.0.0.1:${new URL(JSON.parse(line).url).port}`;
});
afterAll(async () => {
  await sandbox.close();
  await open.stop();
});

const order = {
  id: "order-1",
  payment_method_id: "pm-1",
  partner_order_id: "po-1",
  total_order_amount: 900,
};

/** Connects to the sandbox, whatever the request's Host header. */
async function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  path = "/v2/orders",
) {
  const body = method === "POST" ? JSON.stringify(order) : undefined;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const all = {
      Authorization: "Bearer test_sandbox_a",
      "Content-Type": "application/json",
      ...headers,
    };
    request(new URL(path, url), { method, headers: all }, resolve).on("error", reject).end(body);
  });
  return { status: response.statusCode, body: await text(response) };
}

describe("a page whose host name resolves to this machine", () => {
  it.each([
    "/console",
    "/docs",
    "/health",
    "/v2/orders",
    "/sandbox/requests",
    "/console/console.js",
  ])("reads nothing from %s", async (path) => {
    const { status, body } = await send(sandbox.url, "GET", { Host: "evil.example" }, path);
    expect(status).toBe(421);
    expect(JSON.parse(body).error).toMatchObject({
      type: "FORBIDDEN_ERROR",
      message:
        "This sandbox doesn't serve the host evil.example: to allow it, use --allow-host, SANDBOX_ALLOW_HOST, allowHosts in createSandbox(), or --var ALLOWED_HOSTS:evil.example with wrangler dev.",
    });
    expect(body).not.toContain("test_sandbox");
  });

  it.each([
    "evil.example:8787",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil-localhost",
    "192.0.2.1",
    "0.0.0.0",
    "[2001:db8::1]",
  ])("changes nothing with the host %s", async (host) => {
    const before = await sandbox.requests();
    expect((await send(sandbox.url, "POST", { Host: host })).status).toBe(421);
    expect(await sandbox.requests()).toEqual(before);
  });

  it("reads nothing with a URL in the request line", async () => {
    const { hostname, port } = new URL(sandbox.url);
    const socket = connect(Number(port), hostname);
    socket.end(
      "GET http://evil.example/console HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 421 /);
  });
});

it("reads nothing through the entry of Miniflare, which takes the URL from a header", async () => {
  const runtime = await startRuntime(await readBuiltWorker(), {
    host: "127.0.0.1",
    port: 0,
    persistTo: undefined,
    allowHosts: [],
    vars: {},
    onRequest: undefined,
    onError: () => undefined,
    guard: { onSpawn: () => undefined, temporaryFolder: undefined },
  });
  const entry = (await runtime.ready).origin;
  const forged = { "MF-Original-URL": "http://localhost/v2/orders" };
  expect((await send(entry, "GET", forged)).status).toBe(200);
  expect((await send(entry, "GET", { ...forged, Host: "evil.example" })).status).toBe(421);
  await runtime.dispose();
});

describe("a page of another origin", () => {
  it.each(["https://evil.example", "http://localhost.evil.example", "null", "file://"])(
    "changes nothing from %s",
    async (origin) => {
      for (const method of ["POST", "PUT", "DELETE"]) {
        const { status, body } = await send(
          sandbox.url,
          method,
          { Origin: origin },
          "/v2/orders/x",
        );
        expect(status).toBe(403);
        expect(JSON.parse(body).error.message).toContain(origin);
      }
    },
  );

  it("is allowed with the sandbox's own origin or localhost, and may read with any", async () => {
    for (const origin of [sandbox.url, "http://localhost:3000"]) {
      expect((await send(sandbox.url, "POST", { Origin: origin })).status).toBe(200);
    }
    expect((await send(sandbox.url, "GET", { Origin: "https://evil.example" })).status).toBe(200);
  });
});

describe("the Host header", () => {
  it.each([
    "localhost",
    "LOCALHOST:1",
    "127.0.0.1",
    "127.1.2.3",
    "[::1]:8787",
    "orders-sandbox:8787",
  ])("can be %s", async (host) => {
    expect((await send(sandbox.url, "GET", { Host: host })).status).toBe(200);
  });

  it.each([
    ["localhost", 200],
    ["192.168.1.5:8787", 200],
    ["[2001:db8::1]", 200],
    ["compose-service:8787", 200],
    ["workflow-service", 200],
    ["other", 200],
    ["evil.example", 421],
  ])("%s returns %i on 0.0.0.0 with --allow-host and SANDBOX_ALLOW_HOST", async (host, status) => {
    expect((await send(openUrl, "GET", { Host: host })).status).toBe(status);
  });

  it("rejects an invalid host name", async () => {
    for (const name of ["", "a/b", "a b", "user@host"]) {
      await expect(createSandbox({ allowHosts: [name] })).rejects.toMatchObject({
        name: "SandboxError",
        message: `An allowed host must be a name without a port, such as orders-sandbox, but is "${name}".`,
      });
    }
  });
});
