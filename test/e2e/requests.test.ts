import { execFile, spawn } from "node:child_process";
import { request as open } from "node:http";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox, type Sandbox } from "../../src/local/index.ts";

const run = promisify(execFile);
/** How soon after its response a request must be listed. */
const VISIBLE_MILLISECONDS = 1_000;
const MAX_STREAMS = 10;

let sandbox: Sandbox;
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());

const headers = () => ({ Authorization: `Bearer ${sandbox.key}` });

async function list(query: string) {
  const response = await fetch(`${sandbox.url}/sandbox/requests?${query}`, { headers: headers() });
  return ((await response.json()) as { data: { id: string; status: number }[] }).data;
}

/** Waits until the list contains the request. */
async function seen(query: string, count = 1) {
  const options = { timeout: VISIBLE_MILLISECONDS, interval: 10 };
  await expect.poll(async () => (await list(query)).length, options).toBe(count);
  return list(query);
}

it("shows a request within a second, in the list and in the stream of curl -N", async () => {
  const url = `${sandbox.url}/sandbox/requests/stream`;
  const curl = spawn("curl", [
    "-sN",
    "-D",
    "-",
    url,
    "-H",
    `Authorization: ${headers().Authorization}`,
  ]);
  let shown = "";
  curl.stdout.on("data", (chunk: Buffer) => (shown += chunk.toString()));
  try {
    // The headers arrive before the first event.
    await expect.poll(() => shown).toMatch(/text\/event-stream[^]*retry: /);
    for (let each = 0; each < 5; each += 1) {
      const id = `seen-${each}`;
      await fetch(`${sandbox.url}/v2/orders?id=${id}`, { headers: headers() });
      await expect
        .poll(() => shown, { timeout: VISIBLE_MILLISECONDS, interval: 10 })
        .toMatch(new RegExp(`^id: \\d+\\ndata: .*"order_id":"${id}"`, "m"));
      await seen(`order_id=${id}`);
    }
  } finally {
    curl.kill();
  }
});

it("repeats a request in a shell with its curl command, whatever it contains", async () => {
  const text = `it's "quoted" $HOME \`id\` \\n\n@two\tlines % ! # & ; | > * ? ~ [x] {a,b} é€😀`;
  const order = {
    id: "again'1",
    payment_method_id: "pm-1",
    partner_order_id: text,
    total_order_amount: 900,
    merchant_name: text,
  };
  const sent = await fetch(`${sandbox.url}/v2/orders?note=${encodeURIComponent(text)}&[]={}`, {
    method: "POST",
    headers: { ...headers(), "Content-Type": "application/json", "X-Note": `it's "$HOME"` },
    // On several lines.
    body: JSON.stringify(order, null, 2),
  });
  expect(sent.status).toBe(200);
  const first = (await seen("order_id=again%271")).at(0);
  const detailsOf = async (id: string) => {
    const response = await fetch(`${sandbox.url}/sandbox/requests/${id}`, { headers: headers() });
    return (await response.json()) as Record<"url" | "curl", string> & {
      request: { headers: Record<string, string>; body: string };
    };
  };
  const before = await detailsOf(first?.id ?? "");
  expect(before.curl).not.toContain(sandbox.key);
  const env = { ...process.env, SANDBOX_KEY: sandbox.key };
  const { stdout } = await run("/bin/sh", ["-c", `${before.curl} -s -D -`], { env });
  expect(stdout).toMatch(/idempotent-replayed: true/i);
  const second = (await seen("order_id=again%271", 2)).at(0);
  const after = await detailsOf(second?.id ?? "");
  expect(after.request.body).toBe(before.request.body);
  expect(after.url).toBe(before.url);
  expect(after.request.headers["x-note"]).toBe(`it's "$HOME"`);
});

/** Opens a stream on its own connection. */
const watch = () =>
  new Promise<{ status: number | undefined; close: () => void }>((resolve, reject) => {
    const url = `${sandbox.url}/sandbox/requests/stream`;
    const request = open(url, { headers: headers(), agent: false }, (response) => {
      response.on("error", () => undefined);
      response.resume();
      resolve({ status: response.statusCode, close: () => request.destroy() });
    });
    request.on("error", reject);
    request.end();
  });

it("frees a stream when its client disconnects", async () => {
  const closers: (() => void)[] = [];
  for (let each = 0; each < 3 * MAX_STREAMS; each += 1) {
    const { status, close } = await watch();
    expect(status).toBe(200);
    close();
  }
  for (let each = 0; each < MAX_STREAMS; each += 1) {
    const { status, close } = await watch();
    expect(status).toBe(200);
    closers.push(close);
  }
  const refused = await watch();
  expect(refused.status).toBe(409);
  for (const close of [...closers, refused.close]) close();
});
