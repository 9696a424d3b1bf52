import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cloudflare, type Call } from "./cloudflare.ts";

const PLACEHOLDER_DATABASE_ID = "00000000-0000-0000-0000-000000000000";
const PRODUCTION_DATABASE_ID = "99999999-9999-4999-8999-999999999999";

let cloudflare: Cloudflare;
let folder: string;
let toml: string;
const outputs: string[] = [];
let deployed: Run;

/** A copy of the project whose wrangler.toml has a database ID, so that it can be deployed. */
beforeAll(async () => {
  cloudflare = await new Cloudflare().listen();
  folder = await mkdtemp(join(tmpdir(), "deploy-"));
  for (const each of ["src", "drizzle", "package.json", "tsconfig.json"]) {
    await cp(each, join(folder, each), { recursive: true });
  }
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  toml = (await readFile("wrangler.toml", "utf8")).replace(
    /^database_id = .*$/m,
    `database_id = "${PRODUCTION_DATABASE_ID}"`,
  );
  await configure(toml);
  deployed = await npmRun("deploy");
});
afterAll(async () => {
  cloudflare.close();
  await rm(folder, { recursive: true, force: true });
});

const configure = (content: string) => writeFile(join(folder, "wrangler.toml"), content);

/** Runs an npm script, and returns the calls to Cloudflare that it made. */
async function npmRun(command: string, { loggedIn = true } = {}) {
  cloudflare.calls.length = 0;
  const [script = "", ...args] = command.split(" ");
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith("CLOUDFLARE_"));
  const child = spawn("npm", ["run", "--silent", script, "--", ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...Object.fromEntries(inherited),
      // Hides the login of the developer who runs the tests.
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, ".config"),
      TMPDIR: folder,
      CLOUDFLARE_API_BASE_URL: cloudflare.url,
      CLOUDFLARE_ACCOUNT_ID: "account",
      ...(loggedIn && { CLOUDFLARE_API_TOKEN: "token" }),
    },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  outputs.push(stdout, stderr);
  return { code: code as number, stdout, stderr, calls: [...cloudflare.calls] };
}
type Run = Awaited<ReturnType<typeof npmRun>>;

/** Expects one sentence that says how to continue. */
function expectRefusal({ code, stdout, stderr }: Run, sentence: RegExp): void {
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
}

const isMigration = ({ path, body }: Call) =>
  path.endsWith("/query") && body.includes("CREATE TABLE");
const isUpload = ({ method, path }: Call) =>
  method === "PUT" && path.includes("/workers/scripts/orders-sandbox?");
const isPreviewDeployment = ({ method, path }: Call) =>
  method === "POST" && path.endsWith("/deployments");
const isSecretUpload = ({ method, path }: Call) =>
  method === "PATCH" && path.endsWith("/secrets-bulk");
const isPartnerRequest = ({ path }: Call) => path === "/sandbox/partners";

/** The part of an upload that lists the bindings. */
function metadataOf(call: Call | undefined) {
  const line = call?.body.split("\r\n").find((each) => each.startsWith("{"));
  return JSON.parse(line ?? "{}") as {
    bindings: { name: string }[];
    env: Record<string, { type: string; text?: string; database_id?: string }>;
  };
}

describe("npm run deploy", () => {
  it("migrates production's database, uploads the Worker, and prints the next steps", () => {
    const { code, stdout, calls } = deployed;
    expect(code).toBe(0);
    const migrations = calls.filter(isMigration);
    expect(migrations.length).toBeGreaterThan(0);
    for (const { path } of migrations) expect(path).toContain(PRODUCTION_DATABASE_ID);
    expect(calls.findIndex(isUpload)).toBeGreaterThan(calls.findLastIndex(isMigration));
    const url = "https://orders-sandbox.example.workers.dev";
    expect(stdout).toContain(`deployed: ${url}\n`);
    expect(stdout).toContain("npx wrangler secret put ADMIN_TOKEN");
    expect(stdout).toContain(`npm run partner -- create "Name" --url ${url}`);
  });

  it("creates a KEY_SECRET, and doesn't print it", () => {
    const call = deployed.calls.find(isSecretUpload);
    const [, secret = ""] = /"KEY_SECRET"[^}]*"text":"([\w-]{43})"/.exec(call?.body ?? "") ?? [];
    expect(secret).not.toBe("");
    expect(outputs.join("\n")).not.toContain(secret);
  });

  it("keeps an existing KEY_SECRET, and doesn't mention an ADMIN_TOKEN that is set", async () => {
    cloudflare.secrets.push({ name: "KEY_SECRET" }, { name: "ADMIN_TOKEN" });
    const { code, stdout, calls } = await npmRun("deploy");
    expect(code).toBe(0);
    expect(calls.filter(isSecretUpload)).toEqual([]);
    expect(stdout).not.toContain("secret put");
  });

  it("makes no call without a database, and says how to create one", async () => {
    await configure(toml.replace(PRODUCTION_DATABASE_ID, PLACEHOLDER_DATABASE_ID));
    const run = await npmRun("deploy");
    await configure(toml);
    expectRefusal(run, /npx wrangler d1 create orders-sandbox\b.+wrangler\.toml/);
    expect(run.calls).toEqual([]);
  });

  it("makes no call without a login, and says how to log in", async () => {
    const run = await npmRun("deploy", { loggedIn: false });
    expectRefusal(run, /npx wrangler login.+CLOUDFLARE_API_TOKEN/);
    expect(run.calls).toEqual([]);
  });
});

describe("npm run preview", () => {
  let first: Run;
  let adminToken: string;
  beforeAll(async () => {
    cloudflare.refusals = 2;
    first = await npmRun("preview deploy --name pr-12");
    const { env } = metadataOf(first.calls.find(isPreviewDeployment));
    adminToken = env["ADMIN_TOKEN"]?.text ?? "";
  });

  it("prints the URL and a key on its last line", () => {
    expect(first).toMatchObject({ code: 0, stderr: "" });
    const last = first.stdout.trim().split("\n").at(-1)!;
    expect(JSON.parse(last)).toEqual({ url: cloudflare.url, key: "test_preview" });
  });

  it("migrates the preview's own database, and binds the preview to it", () => {
    const id = cloudflare.databases.get("orders-sandbox-pr-12")!;
    const { calls } = first;
    const migrations = calls.filter(isMigration);
    expect(migrations.length).toBeGreaterThan(0);
    for (const { path } of migrations) expect(path).toContain(id);
    const deployment = calls.findIndex(isPreviewDeployment);
    expect(deployment).toBeGreaterThan(calls.findLastIndex(isMigration));
    expect(metadataOf(calls[deployment]).env["DB"]).toMatchObject({ type: "d1", database_id: id });
  });

  it("never sends the ID of production's database", () => {
    expect(JSON.stringify(first.calls)).not.toContain(PRODUCTION_DATABASE_ID);
  });

  it("ignores bindings from Cloudflare's dashboard", () => {
    const creation = first.calls.find(({ path }) => /\/previews\?/.test(path));
    expect(creation?.path).toContain("ignore_base_config=true");
  });

  it("creates the partner with the uploaded token, once the preview responds", () => {
    const requests = first.calls.filter(isPartnerRequest);
    expect(requests).toHaveLength(3);
    expect(adminToken).toMatch(/^[\w-]{43}$/);
    expect(requests.at(-1)).toMatchObject({
      method: "POST",
      authorization: `Bearer ${adminToken}`,
      body: JSON.stringify({ name: "Preview pr-12" }),
    });
  });

  it("binds everything that the deployed Worker binds", () => {
    const production = metadataOf(deployed.calls.find(isUpload)).bindings.map(({ name }) => name);
    const { env } = metadataOf(first.calls.find(isPreviewDeployment));
    const secrets = ["ADMIN_TOKEN", "KEY_SECRET"];
    expect(Object.keys(env).toSorted()).toEqual([...secrets, ...production].toSorted());
  });

  it("keeps database, token and partner with --keep-partner", async () => {
    const { code, stdout, calls } = await npmRun("preview deploy --name pr-12 --keep-partner");
    expect({ code, stdout }).toEqual({ code: 0, stdout: `{"url":"${cloudflare.url}"}\n` });
    expect(calls.filter(isPartnerRequest)).toEqual([]);
    expect(cloudflare.databases.size).toBe(1);
    const { env } = metadataOf(calls.find(isPreviewDeployment));
    expect(env["ADMIN_TOKEN"]).toEqual({ type: "inherit" });
    expect(env["KEY_SECRET"]).toEqual({ type: "inherit" });
  });

  it("leaves no file and prints no token, even when it fails", async () => {
    cloudflare.failing = true;
    const { code, calls } = await npmRun("preview deploy --name pr-12");
    cloudflare.failing = false;
    expect(code).toBe(1);
    const { env } = metadataOf(calls.find(isPreviewDeployment));
    expect(outputs.join("\n")).not.toContain(adminToken);
    expect(outputs.join("\n")).not.toContain(env["ADMIN_TOKEN"]?.text);
    const left = await readdir(folder);
    expect(left.filter((each) => /^(\.wrangler\.|secrets-)/.test(each))).toEqual([]);
  });

  it("rejects a database with production's name or ID", async () => {
    await configure(toml.replace(/^(database_name = "orders-sandbox)"/m, '$1-pr-12"'));
    const byName = await npmRun("preview deploy --name pr-12");
    await configure(toml);
    const id = cloudflare.databases.get("orders-sandbox-pr-12")!;
    cloudflare.databases.set("orders-sandbox-pr-12", PRODUCTION_DATABASE_ID);
    const byId = await npmRun("preview delete --name pr-12");
    cloudflare.databases.set("orders-sandbox-pr-12", id);
    for (const run of [byName, byId]) {
      expectRefusal(run, /production's database.+--name/);
      expect(run.calls.map(({ method }) => method)).toEqual(["GET"]);
    }
  });

  it("rejects unknown flags and names, and makes no call without a login", async () => {
    const misspelt = await npmRun("preview deploy --name pr-12 --keep-partners");
    expectRefusal(misspelt, /--keep-partner creates no new partner/);
    expectRefusal(await npmRun("preview deploy --name ../PR"), /--name must have .+ such as pr-12/);
    const run = await npmRun("preview deploy --name pr-12", { loggedIn: false });
    expectRefusal(run, /npx wrangler login.+CLOUDFLARE_API_TOKEN/);
    expect(run.calls).toEqual([]);
  });

  it("deletes the preview and its database, and succeeds if both are gone", async () => {
    cloudflare.databases.set("orders-sandbox", PRODUCTION_DATABASE_ID);
    const run = await npmRun("preview delete --name pr-12");
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.stringify(run.calls)).not.toContain(PRODUCTION_DATABASE_ID);
    expect([...cloudflare.previews]).toEqual([]);
    expect([...cloudflare.databases.keys()]).toEqual(["orders-sandbox"]);
    expect(await npmRun("preview delete --name pr-12")).toMatchObject({ code: 0, stderr: "" });
  });
});
