import { exec } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox, signNotification, type Sandbox } from "../../src/local/index.ts";
import { isRunnable, recipeOf } from "./guide.ts";
import { Program } from "./program.ts";
import { freePort } from "./server.ts";
import { userEnv } from "./user.ts";

const GUIDE = readFileSync(".github/NOTIFICATIONS.md", "utf8");
const HONO: string = JSON.parse(readFileSync("package.json", "utf8")).dependencies.hono;
const PACKAGES = [`hono@${HONO}`, "@hono/node-server@2.1.9", "express@5.3.0", "fastify@5.12.8"];
const TOKEN = "a-token-of-the-tests";
const POLL_MILLISECONDS = 100;
const START_MILLISECONDS = 60_000;

/** A command for each language that fails if the language is not installed. Node always is. */
const LANGUAGES = new Map([
  ["Hono", "true"],
  ["Express", "true"],
  ["Fastify", "true"],
  ["Request handler", "true"],
  ["Python", "python3 --version"],
  ["Ruby", "ruby --version"],
  ["Java", "javac --version"],
  ["Go", "go version"],
]);

let folder: string;
let sandbox: Sandbox;
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox();
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-receivers-"));
  await writeFile(join(folder, "package.json"), '{ "private": true }');
  const env = { ...userEnv(), npm_config_cache: join(folder, "cache") };
  await promisify(exec)(`npm install --no-audit --no-fund ${PACKAGES.join(" ")}`, {
    cwd: folder,
    env,
  });
  await writeFile(join(folder, "verify.mjs"), recipeOf(GUIDE, "Receivers").code);
});
afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true, force: true });
});

const BODY = JSON.stringify({
  object: "TRANSACTION",
  data: { event_id: "e-1", amount: 5000, merchant: { name: "Café <b> a/b \u2028" } },
});

/** A signed request, as the sandbox sends it. */
const signed = async (body: string, at = Date.now()) => ({
  body,
  header: await signNotification({ signing_token: TOKEN, body, at }),
});

const valid = await signed(BODY);
const bytes = `${BODY.slice(0, -2)},"padding":"${"é".repeat(30_000)}"}}`;

describe.each([...LANGUAGES])("the receiver for %s", async (language, probe) => {
  const isSkipped = !(await isRunnable(language, probe));

  let receiver: Program;
  let url: string;
  beforeAll(async () => {
    if (isSkipped) return;
    const { file, code, command } = recipeOf(GUIDE, language);
    await writeFile(join(folder, file), code);
    const port = await freePort();
    const env = { ...userEnv(), PORT: `${port}`, IMPRINT_SIGNING_TOKEN: TOKEN };
    receiver = new Program("bash", ["-c", command], "", { cwd: folder, env });
    url = `http://localhost:${port}/imprint`;
    await listening(url);
  });
  afterAll(async () => {
    if (!isSkipped) await receiver.stop("SIGKILL");
  });

  const post = async ({ body, header }: { body: string; header?: string }) => {
    const headers = {
      "Content-Type": "application/json",
      ...(header !== undefined && { "X-IMPRINT-HMAC-SIGNATURE": header }),
    };
    return (await fetch(url, { method: "POST", headers, body })).status;
  };

  it.skipIf(isSkipped)("accepts what the sandbox signed, byte for byte", async () => {
    expect(await post(await signed(BODY))).toBe(204);
    expect(await post(await signed(JSON.stringify(JSON.parse(BODY), null, 2)))).toBe(204);
    expect(await post(await signed(bytes))).toBe(204);
    await expect.poll(() => receiver.output).toContain("e-1");
  });

  it.skipIf(isSkipped)("acknowledges what a sandbox delivers", async () => {
    await using env = await sandbox.environment();
    await env.webhooks.add({ url, signing_token: TOKEN, retry_after_seconds: [] });
    await env.transactions.story({ story: "captured", amount: 5000 });
    await env.waitForNotification({ status: "CAPTURED", delivery_status: "acknowledged" });
  });

  it.skipIf(isSkipped).each([
    ["another body", { ...valid, body: BODY.replace("5000", "5001") }],
    [
      "a body that was serialized again",
      { ...valid, body: JSON.stringify(JSON.parse(BODY), null, 1) },
    ],
    ["a trailing newline", { ...valid, body: `${BODY}\n` }],
    ["no signature", { body: BODY }],
    ["a cut signature", { ...valid, header: valid.header.slice(0, -2) }],
    [
      "another token's signature",
      {
        body: BODY,
        header: await signNotification({ signing_token: "other", body: BODY }),
      },
    ],
    ["a signature of ten minutes ago", await signed(BODY, Date.now() - 600_000)],
    ["a signature from the future", await signed(BODY, Date.now() + 600_000)],
    ["another timestamp", { ...valid, header: valid.header.replace(/\d{2},/, "00,") }],
  ])("rejects %s", async (_, request) => {
    expect(await post(request)).toBe(401);
  });
});

async function listening(url: string): Promise<void> {
  const deadline = Date.now() + START_MILLISECONDS;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(POLL_MILLISECONDS);
    }
  }
}

it("runs every receiver", () => {
  const headings = [...GUIDE.matchAll(/^### (.*)\n/gm)].map(([, heading]) => heading);
  expect(headings).toEqual([...LANGUAGES.keys()]);
});
