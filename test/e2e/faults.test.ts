import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { FAULT_NAMES, FAULTS, isDelaying, type FaultName } from "../../src/domain/faults.ts";
import { createSandbox, type Sandbox } from "../../src/local/index.ts";
import { clientOf } from "./client.ts";
import { freePort, Server } from "./server.ts";

const DELAY_MILLISECONDS = 700;
const KEY = "test_sandbox_a";

/** What a client sees of a response. `broken` is the client's own error for a broken connection. */
interface Seen {
  status?: number;
  type?: string | null;
  retryAfter?: string | null;
  applied?: string | null;
  body?: string;
  broken?: string;
}

type Send = (url: string, body: string) => Promise<Seen>;

const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" };

const brokenBy = (error: unknown): Seen => ({
  broken: ((error as Error).cause as { code: string }).code,
});

async function undici(url: string, body: string): Promise<Seen> {
  try {
    const response = await fetch(url, { method: "POST", headers, body });
    const seen = seenOf(response.status, (name) => response.headers.get(name));
    return await response.text().then(
      (text) => ({ ...seen, body: text }),
      (error: unknown) => ({ ...seen, ...brokenBy(error) }),
    );
  } catch (error) {
    return brokenBy(error);
  }
}

const seenOf = (status: number, header: (name: string) => string | null): Seen => ({
  status,
  type: header("Content-Type"),
  retryAfter: header("Retry-After"),
  applied: header("Sandbox-Fault-Applied"),
});

async function curl(url: string, body: string): Promise<Seen> {
  const named = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const { code, stdout } = await run("curl", ["-s", "-i", "-d", body, ...named, url]);
  const broken = code === 0 ? {} : { broken: `curl ${code}` };
  const [head = "", ...rest] = stdout.split("\r\n\r\n");
  if (head === "") return broken;
  const fields = new Map(
    head.split("\r\n").map((line) => {
      const [name = "", ...value] = line.split(": ");
      return [name.toLowerCase(), value.join(": ")];
    }),
  );
  const status = Number(head.split(" ")[1]);
  const seen = seenOf(status, (name) => fields.get(name.toLowerCase()) ?? null);
  return { ...seen, ...(code === 0 && { body: rest.join("\r\n\r\n") }), ...broken };
}

/** Uses only Python's standard library. */
const SCRIPT = `
import http.client, json, sys, urllib.error, urllib.request
url, body, headers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
seen = {}
try:
    request = urllib.request.Request(url, data=body.encode(), headers=headers, method="POST")
    try:
        response = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        response = error
    seen = {"status": response.status, "type": response.headers["Content-Type"],
        "retryAfter": response.headers["Retry-After"], "applied": response.headers["Sandbox-Fault-Applied"]}
    seen["body"] = response.read().decode()
except Exception as error:
    seen["broken"] = type(error).__name__
print(json.dumps(seen))`;

async function python(url: string, body: string): Promise<Seen> {
  const { stdout } = await run("python3", ["-c", SCRIPT, url, body, JSON.stringify(headers)]);
  return JSON.parse(stdout) as Seen;
}

async function run(command: string, args: string[]): Promise<{ code: number; stdout: string }> {
  try {
    const { stdout } = await promisify(execFile)(command, args);
    return { code: 0, stdout };
  } catch (error) {
    return error as { code: number; stdout: string };
  }
}

const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** Each client's error for a connection that closes before the response, and for one that closes during it. */
const CLIENTS: Record<string, { send: Send; closed: string; cut: string; isThere: boolean }> = {
  undici: { send: undici, closed: "UND_ERR_SOCKET", cut: "UND_ERR_SOCKET", isThere: true },
  curl: { send: curl, closed: "curl 52", cut: "curl 18", isThere: true },
  "Python's urllib": {
    send: python,
    closed: "RemoteDisconnected",
    cut: "IncompleteRead",
    isThere: hasPython,
  },
};

const page = (title: string) =>
  expect.stringMatching(new RegExp(`^<html>[^]*${title}[^]*</html>\r\n$`));
const envelope = (type: string) => expect.stringContaining(`{"error":{"type":"${type}"`);
const whole = expect.stringMatching(/^\{"order_event_id":.*\}$/);

function expected(fault: FaultName, id: string, closed: string, cut: string): Seen {
  const json = { type: "application/json", retryAfter: null, applied: `${fault};id="${id}"` };
  const seen: Record<FaultName, Seen> = {
    error: { ...json, status: 500, body: envelope("INTERNAL_ERROR") },
    unavailable: {
      ...json,
      status: 503,
      retryAfter: "1",
      body: envelope("SERVICE_UNAVAILABLE_ERROR"),
    },
    rate_limited: { ...json, status: 429, retryAfter: "1", body: envelope("RATE_LIMIT_ERROR") },
    delay: { ...json, status: 200, body: whole },
    slow_body: { ...json, status: 200, body: whole },
    error_after_commit: { ...json, status: 500, body: envelope("INTERNAL_ERROR") },
    bad_gateway: { ...json, status: 502, type: "text/html", body: page("502 Bad Gateway") },
    gateway_timeout: {
      ...json,
      status: 504,
      type: "text/html",
      body: page("504 Gateway Time-out"),
    },
    lost_response: { broken: closed },
    cut_response: { ...json, status: 200, broken: cut },
  };
  return seen[fault];
}

/** Applies each fault to a capture. Checks what each client sees and whether the capture took effect. */
function itShowsEachFault(urlOf: () => string) {
  const order_id = `order-${crypto.randomUUID()}`;
  beforeAll(async () => {
    const body = {
      id: order_id,
      payment_method_id: "pm-1",
      partner_order_id: "po-1",
      total_order_amount: 10_000,
    };
    const created = await clientOf(urlOf()).POST("/v2/orders", { body });
    expect(created.response.status).toBe(200);
  });

  for (const [name, { send, closed, cut, isThere }] of Object.entries(CLIENTS)) {
    it.skipIf(!isThere).each(FAULT_NAMES)(`%s, as ${name} sees it`, async (fault) => {
      const client = clientOf(urlOf());
      const partner_event_id = crypto.randomUUID();
      const added = await client.POST("/sandbox/faults", {
        body: {
          fault,
          ...(isDelaying(fault) && { delay_ms: DELAY_MILLISECONDS }),
          match: { path: "/v2/order_events", partner_event_id },
        },
      });
      const { id } = added.data!;
      const capture = {
        order_id,
        partner_event_id,
        type: "CAPTURED" as const,
        amount: 100,
        network_transaction_id: "nt-1",
      };
      const start = performance.now();
      const seen = await send(`${urlOf()}/v2/order_events`, JSON.stringify(capture));
      const milliseconds = Math.round(performance.now() - start);
      console.log(`| ${fault} | ${name} | ${JSON.stringify(seen)} | ${milliseconds} ms |`);
      expect(seen).toEqual(expected(fault, id, closed, cut));
      if (isDelaying(fault)) expect(milliseconds).toBeGreaterThanOrEqual(DELAY_MILLISECONDS);

      const query = { partner_event_id };
      const captured = async () =>
        (await client.GET("/v2/order_events", { params: { query } })).data?.total;
      expect(await captured()).toBe(FAULTS[fault].executes ? 1 : 0);
      const { response } = await client.POST("/v2/order_events", { body: capture });
      expect(response.headers.get("Idempotent-Replayed")).toBe(
        FAULTS[fault].executes ? "true" : null,
      );
      expect(await captured()).toBe(1);
    });
  }
}

describe("in a sandbox started by the library", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    await buildIfChanged();
    sandbox = await createSandbox();
  });
  afterAll(() => sandbox.close());

  itShowsEachFault(() => sandbox.url);
});

describe("after npm start", () => {
  let folder: string;
  let server: Server;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "orders-sandbox-faults-"));
    server = await new Server(await freePort(), folder).ready();
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  itShowsEachFault(() => server.url);

  it("prints which faults applied, and no errors", async () => {
    for (const fault of FAULT_NAMES)
      await expect.poll(() => server.output).toMatch(new RegExp(`fault ${fault}$`, "m"));
    expect(server.output).not.toMatch(/uncaught|exception|broken off/i);
  });
});
