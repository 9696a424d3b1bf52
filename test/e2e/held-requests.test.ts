import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox, type Sandbox } from "../../src/local/index.ts";

const MAX_BODY_BYTES = 256 * 1024;
const OTHER_KEY = "test_sandbox_b";

let sandbox: Sandbox;
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox({ vars: { RATE_LIMITS: "on" } });
});
afterAll(() => sandbox.close());

/** Sends the headers and half of the body of a large upload. */
async function startUpload(): Promise<Socket> {
  const { host, port, hostname } = new URL(sandbox.url);
  const socket = connect(Number(port), hostname);
  const headers = [
    "POST /v2/orders HTTP/1.1",
    `Host: ${host}`,
    `Authorization: Bearer ${sandbox.key}`,
    "Content-Type: application/json",
    `Content-Length: ${MAX_BODY_BYTES}`,
  ];
  await new Promise<void>((resolve) => {
    socket.write(`${headers.join("\r\n")}\r\n\r\n${" ".repeat(MAX_BODY_BYTES / 2)}`, () =>
      resolve(),
    );
  });
  return socket;
}

async function readOrders(key: string) {
  const start = performance.now();
  const response = await fetch(`${sandbox.url}/v2/orders`, {
    headers: { Authorization: `Bearer ${key}` },
  });
  await response.arrayBuffer();
  return { status: response.status, milliseconds: performance.now() - start };
}

it("continues with other requests after clients abandon uploads", async () => {
  const sockets = [];
  for (let count = 0; count < 20; count += 1) sockets.push(await startUpload());
  // The sandbox reads the first upload, and the others are queued behind it.
  await sleep(300);
  for (const socket of sockets) socket.destroy();
  const read = await readOrders(sandbox.key);
  expect(read.status).toBe(200);
  expect(read.milliseconds).toBeLessThan(5_000);
});

it("ends a stalled upload with 408 after 30 seconds, and delays only its partner", async () => {
  const start = performance.now();
  const stalled = await startUpload();
  let response = "";
  stalled.on("data", (data) => (response += data.toString()));
  stalled.on("error", () => undefined);
  await sleep(300);
  expect((await readOrders(OTHER_KEY)).status).toBe(200);
  const own = readOrders(sandbox.key);
  await expect.poll(() => response).toContain("REQUEST_TIMEOUT_ERROR");
  expect(response).toMatch(/^HTTP\/1\.1 408 /);
  expect(performance.now() - start).toBeGreaterThan(29_000);
  expect((await own).status).toBe(200);
  stalled.destroy();
});

it("delays at most 100 responses of a partner at a time", async () => {
  const send = async () => {
    const response = await fetch(`${sandbox.url}/v2/orders`, {
      headers: { Authorization: `Bearer ${sandbox.key}`, "Sandbox-Fault": "delay;delay_ms=8000" },
    });
    return { status: response.status, retryAfter: response.headers.get("Retry-After") };
  };
  const responses = await Promise.all(Array.from({ length: 130 }, send));
  const refused = responses.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(30);
  expect(new Set(refused.map(({ retryAfter }) => retryAfter))).toEqual(new Set(["1"]));
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(100);
});
