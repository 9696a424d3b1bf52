import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import {
  createSandbox,
  signNotification,
  verifyNotification,
  type Sandbox,
  type Webhook,
} from "../../src/local/index.ts";
import { clientOf } from "./client.ts";
import { isRunnable } from "./guide.ts";
import { userEnv } from "./user.ts";

/** Where Debian keeps Jackson. Java has no JSON of its own. */
const JACKSON = process.env["JACKSON"] ?? "/usr/share/java";

let folder: string;
let sandbox: Sandbox;
let server: Server;
let url: string;
let webhook: Webhook;
let other: Webhook;
/** The notification as it arrived. */
let header: string;
let body: string;

beforeAll(async () => {
  await buildIfChanged();
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-verification-"));
  sandbox = await createSandbox();
  const received = Promise.withResolvers<{ header: string; body: Buffer }>();
  server = createServer((request, response) => {
    const sent = String(request.headers["x-imprint-hmac-signature"]);
    received.resolve(buffer(request).then((bytes) => ({ header: sent, body: bytes })));
    response.writeHead(204).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  webhook = await sandbox.webhooks.add({ url, kinds: ["TRANSACTION"] });
  other = await sandbox.webhooks.add({
    kinds: ["REWARD"],
    signature: { key: "sha256", timestamp: "seconds" },
  });
  await sandbox.sendNotification({
    object: "TRANSACTION",
    data: { amount: 9_007_199_254_740_991, merchant: { name: "Café <b> & a/b" } },
  });
  const sent = await received.promise;
  header = sent.header;
  body = sent.body.toString();
});
afterAll(async () => {
  server.close();
  await sandbox.close();
  await rm(folder, { recursive: true, force: true });
});

interface Given {
  header?: string;
  body?: string;
  signing_token?: string;
  tolerance_seconds?: number;
}

async function verify(given: Given = {}) {
  const { data, error } = await clientOf(sandbox.url).POST("/sandbox/notifications/verify", {
    body: { header, body, ...given },
  });
  expect(error).toBeUndefined();
  return data!;
}

describe("a delivered notification", () => {
  it("is valid, for the API and for the package", async () => {
    const valid = { valid: true, reason: null, message: "The signature is valid." };
    expect(await verify()).toEqual(valid);
    expect(await verify({ signing_token: webhook.signing_token })).toEqual(valid);
    expect(await verifyNotification({ ...webhook, header, body })).toEqual(valid);
    const bytes = new TextEncoder().encode(body);
    expect(await verifyNotification({ ...webhook, header, body: bytes })).toEqual(valid);
  });

  it("would have this header", async () => {
    const at = Number(/\d+/.exec(header)?.[0]);
    expect(await signNotification({ ...webhook, body, at })).toBe(header);
  });
});

/** What a receiver does wrong, and the reason that the sandbox finds. */
const MISTAKES: [string, string, () => Given | Promise<Given>][] = [
  ["another webhook's token", "other_token", () => ({ signing_token: other.signing_token })],
  [
    "the hash of the token",
    "token_hashed",
    async () => ({ signing_token: await sha256(webhook.signing_token) }),
  ],
  [
    "the token instead of its hash",
    "token_hashed",
    async () => ({ header: await sign(other, { key: "token", timestamp: "seconds" }) }),
  ],
  [
    "milliseconds instead of seconds",
    "timestamp_unit",
    async () => ({ header: await sign(other, { key: "sha256", timestamp: "milliseconds" }) }),
  ],
  [
    "seconds instead of milliseconds",
    "timestamp_unit",
    async () => ({ header: await sign(webhook, { key: "token", timestamp: "seconds" }) }),
  ],
  ["a trailing newline", "trailing_newline", () => ({ body: `${body}\n` })],
  ["whitespace", "body_reserialized", () => ({ body: body.replace('"data":', '"data": ') })],
  [
    "another order of keys",
    "body_reserialized",
    () => ({ body: JSON.stringify({ data: JSON.parse(body).data, object: "TRANSACTION" }) }),
  ],
  ["escapes", "body_reserialized", () => ({ body: body.replace("a/b", String.raw`a\/b`) })],
  [
    "number forms",
    "body_reserialized",
    () => ({ body: body.replace("9007199254740991", "9007199254740991.0") }),
  ],
  ["a changed value", "body_changed", () => ({ body: body.replace("Café", "Cafe") })],
  ["ten minutes", "too_old", async () => ({ header: await signAt(-600_000) })],
  [
    "three seconds, and a tolerance of one",
    "too_old",
    async () => ({ header: await signAt(-3_000), tolerance_seconds: 1 }),
  ],
  ["a clock that is wrong", "in_future", async () => ({ header: await signAt(600_000) })],
  ["a cut header", "cut_header", () => ({ header: header.slice(0, -1) })],
  ["a header that was split", "cut_header", () => ({ header: header.replace(/,.*/, "") })],
  ["a folded header", "folded_header", () => ({ header: header.replace(",", ",\r\n\t") })],
  ["another header", "malformed_header", () => ({ header: `sha256=${header.slice(-64)}` })],
  ["an unknown token", "other_token", () => ({ signing_token: "unknown" })],
  [
    "a signature of nobody here",
    "no_match",
    async () => ({ header: await signNotification({ signing_token: "unknown", body }) }),
  ],
];

const sign = ({ signing_token }: Webhook, signature: Webhook["signature"]) =>
  signNotification({ signing_token, signature, body });
const signAt = (later: number) => signNotification({ ...webhook, body, at: Date.now() + later });

it.each(MISTAKES)("explains %s: %s", async (_, reason, mistake) => {
  const verification = await verify(await mistake());
  expect(verification).toMatchObject({ valid: false, reason });
});

it("knows the body as it was sent, by its event and by its kind", async () => {
  await sandbox.sendNotification({ object: "STREAK" });
  const streak = (await sandbox.notifications({ object: "STREAK" })).at(0);
  const sent = await sandbox.notification(streak!.id);
  const reordered = JSON.stringify({ data: sent.payload.data, object: "STREAK" });
  const signed = await signNotification({ ...webhook, body: sent.body });
  expect(await verify({ header: signed, body: reordered })).toMatchObject({
    reason: "body_reserialized",
    changes: [{ kind: "key_order", sent: "object, data", received: "data, object" }],
  });
  const changed = body.replace("Café", "Cafe");
  const foreign = await signNotification({ signing_token: "unknown", body });
  expect(await verify({ body: changed, header: foreign })).toMatchObject({
    reason: "no_match",
    changes: [{ kind: "values", path: "data.merchant.name" }],
  });
});

it.each([
  ["invalid_signature", "fault", "signed its first attempt with a wrong token"],
  ["stale_signature", "too_old", "dated the signature of its first attempt ten minutes back"],
] as const)("explains the signature of the fault %s: %s", async (fault, reason, message) => {
  await using env = await sandbox.environment();
  await env.webhooks.add({ url, retry_after_seconds: [] });
  await env.faults.add({ fault });
  await env.sendNotification({ object: "REWARD" });
  const { id } = await env.waitForNotification({ delivery_status: "acknowledged" });
  const sent = await env.notification(id);
  const headers = new Headers(sent.attempts.at(0)?.headers);
  const first = headers.get("X-IMPRINT-HMAC-SIGNATURE") ?? "";
  const { data } = await clientOf(sandbox.url, env.key).POST("/sandbox/notifications/verify", {
    body: { header: first, body: sent.body },
  });
  expect(data).toMatchObject({ valid: false, reason, message: expect.stringContaining(message) });
});

it("tries no token of another environment", async () => {
  await using own = await sandbox.environment();
  const { data } = await clientOf(sandbox.url, own.key).POST("/sandbox/notifications/verify", {
    body: { header, body, signing_token: other.signing_token },
  });
  expect(data).toMatchObject({ reason: "no_match" });
  expect(data).not.toHaveProperty("changes");
});

it("rejects a body that is longer than a notification can be", async () => {
  const { error } = await clientOf(sandbox.url).POST("/sandbox/notifications/verify", {
    body: { header, body: " ".repeat(131_073) },
  });
  expect(error).toMatchObject({ error: { param: "body" } });
});

/** How a language parses and serializes: the probe, the file, the command that filters a body, and what it changes. */
const SERIALIZERS: [string, string, { file: string; code: string }, string, string[]][] = [
  [
    "Node",
    "true",
    {
      file: "pretty.mjs",
      code: `import { readFileSync } from "node:fs";
        process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0)), null, 2));`,
    },
    "node pretty.mjs",
    ["whitespace"],
  ],
  [
    "Python",
    "python3 --version",
    {
      file: "dump.py",
      code: "import json, sys\nsys.stdout.write(json.dumps(json.load(sys.stdin)))",
    },
    "python3 dump.py",
    ["whitespace", "escapes"],
  ],
  [
    "Python with sorted keys and floats",
    "python3 --version",
    {
      file: "sort.py",
      code: `import json, sys
notification = json.load(sys.stdin, parse_int=float)
sys.stdout.write(json.dumps(notification, sort_keys=True, separators=(",", ":"), ensure_ascii=False))`,
    },
    "PYTHONUTF8=1 python3 sort.py",
    ["key_order", "numbers"],
  ],
  [
    "Ruby",
    "ruby --version",
    {
      file: "pretty.rb",
      code: `require "json"
        print JSON.pretty_generate(JSON.parse(STDIN.read.force_encoding("UTF-8")))`,
    },
    "ruby pretty.rb",
    ["whitespace"],
  ],
  [
    "Java's Jackson",
    `javac --version && test -e ${JACKSON}/jackson-databind.jar`,
    {
      file: "Sort.java",
      code: `class Sort {
        public static void main(String[] args) throws Exception {
          var mapper = new com.fasterxml.jackson.databind.ObjectMapper();
          var tree = mapper.readValue(System.in, java.util.TreeMap.class);
          mapper.writerWithDefaultPrettyPrinter().writeValue(System.out, tree);
        }
      }`,
    },
    `java --class-path "${JACKSON}/*" Sort.java`,
    ["whitespace", "key_order"],
  ],
  [
    "Java that decodes the body as Latin-1",
    "javac --version",
    {
      file: "Latin.java",
      code: `import java.nio.charset.StandardCharsets;
      class Latin {
        public static void main(String[] args) throws Exception {
          var text = new String(System.in.readAllBytes(), StandardCharsets.ISO_8859_1);
          System.out.write(text.getBytes(StandardCharsets.UTF_8));
        }
      }`,
    },
    "java Latin.java",
    ["values"],
  ],
  [
    "Go",
    "go version",
    {
      file: "marshal.go",
      code: `package main
        import ("encoding/json"; "os")
        func main() {
          var notification map[string]any
          json.NewDecoder(os.Stdin).Decode(&notification)
          bytes, _ := json.Marshal(notification)
          os.Stdout.Write(bytes)
        }`,
    },
    "go run marshal.go",
    ["key_order", "escapes"],
  ],
];

describe.each(SERIALIZERS)(
  "a body serialized by %s",
  async (language, probe, program, command, kinds) => {
    const isSkipped = !(await isRunnable(language, probe));
    it.skipIf(isSkipped)(`differs in ${kinds.join(", ")}`, async () => {
      await writeFile(join(folder, program.file), program.code);
      const serialized = await filter(command, body);
      const reason = kinds.includes("values") ? "body_changed" : "body_reserialized";
      const verification = await verify({ body: serialized });
      expect(verification).toMatchObject({ valid: false, reason });
      expect(verification.changes?.map(({ kind }) => kind)).toEqual(kinds);
      const options = { ...webhook, header, body: serialized, sent_body: body };
      expect(await verifyNotification(options)).toEqual(verification);
    });
  },
);

/** What a command prints for an input. */
function filter(command: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env: userEnv() };
    const child = execFile("bash", ["-c", command], options, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout);
    });
    child.stdin?.end(input);
  });
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(digest).toString("hex");
}
