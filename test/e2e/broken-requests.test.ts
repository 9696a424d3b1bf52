import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort, Server } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "orders-sandbox-broken-"));
let server: Server;
let port: number;
beforeAll(async () => {
  port = await freePort();
  server = await new Server(port, join(folder, "state")).ready();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Sends raw bytes, ends the connection's sending side or all of it, and returns what the server sent. */
function exchange(bytes: string, end: "half" | "reset" = "half"): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(bytes, () => (end === "reset" ? socket.resetAndDestroy() : socket.end()));
    });
    socket.on("data", (chunk) => (received += chunk.toString()));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(received));
    socket.setTimeout(5_000, () => socket.destroy());
  });
}

const post = (headers: string[], body: string) =>
  [
    "POST /v2/orders HTTP/1.1",
    `Host: localhost:${port}`,
    "Authorization: Bearer test_sandbox_a",
    "Content-Type: application/json",
    "Connection: close",
    ...headers,
    "",
    body,
  ].join("\r\n");

const BROKEN: [what: string, bytes: () => string][] = [
  ["an upload that is cut", () => post(["Content-Length: 100"], '{"id": ')],
  ["a chunked upload that is cut", () => post(["Transfer-Encoding: chunked"], '5\r\n{"id"\r\n')],
  ["a malformed chunk size", () => post(["Transfer-Encoding: chunked"], "zz\r\n{}\r\n0\r\n\r\n")],
  [
    "a malformed host",
    () => "GET /v2/orders HTTP/1.1\r\nHost: a b<script>\r\nConnection: close\r\n\r\n",
  ],
  [
    "a malformed host of a page",
    () => "GET / HTTP/1.1\r\nHost: a b<script>\r\nConnection: close\r\n\r\n",
  ],
  [
    "CONNECT",
    () => "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n",
  ],
];

it.each(BROKEN)("rejects %s without an error of the sandbox", async (what, bytes) => {
  const received = await exchange(bytes());
  // The runtime itself responds 500 to CONNECT, without calling the Worker.
  if (what !== "CONNECT") expect(received).toMatch(/^HTTP\/1\.1 400/);
  await exchange(bytes(), "reset");
  const { status } = await fetch(`${server.url}/v2/orders`, {
    headers: { Authorization: "Bearer test_sandbox_a" },
  });
  expect(status).toBe(200);
  expect(server.output).not.toMatch(/unhandled|stack|Error:/);
});
