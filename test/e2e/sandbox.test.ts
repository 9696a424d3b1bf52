import { globSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox, type Sandbox } from "../../src/local/index.ts";
import { isFree } from "../../src/local/ports.ts";
import { databasesIn } from "../../src/local/state-folder.ts";
import { clientOf } from "./client.ts";
import { freePort } from "./server.ts";

const MANY = 20;

let folder: string;
beforeAll(async () => {
  await buildIfChanged();
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-library-"));
  process.env["TMPDIR"] = await mkdtemp(join(folder, "temporary-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const order = {
  id: "order-1",
  payment_method_id: "pm-1",
  partner_order_id: "po-1",
  total_order_amount: 900,
};

const create = (sandbox: Sandbox) => clientOf(sandbox.url).POST("/v2/orders", { body: order });
const idsIn = async (sandbox: Sandbox) =>
  (await clientOf(sandbox.url).GET("/v2/orders")).data!.data.map(({ id }) => id);

it("has a URL and a key that work", async () => {
  await using sandbox = await createSandbox();
  expect(sandbox.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(sandbox.key).toBe("test_sandbox_a");
  expect((await create(sandbox)).response.status).toBe(200);
});

it(`runs ${MANY} isolated sandboxes at the same time, and leaves no files behind`, async () => {
  const sandboxes = await Promise.all(Array.from({ length: MANY }, () => createSandbox()));
  expect(new Set(sandboxes.map(({ url }) => url)).size).toBe(MANY);
  for (const [index, each] of sandboxes.entries()) {
    if (index === 0) expect((await create(each)).response.status).toBe(200);
    else expect(await idsIn(each)).toEqual([]);
  }
  if (process.platform === "linux") expect(childrenOfThis().length).toBeGreaterThanOrEqual(MANY);

  await Promise.all(sandboxes.map((each) => each.close()));
  for (const { url } of sandboxes) expect(await isFree(Number(new URL(url).port))).toBe(true);
  await expect.poll(childrenOfThis).toEqual([]);
  expect(await readdir(process.env["TMPDIR"]!)).toEqual([]);
});

it("deletes its data unless persistTo is set", async () => {
  const persistTo = join(folder, "sandbox");
  for (const options of [{}, { persistTo }]) {
    await using sandbox = await createSandbox(options);
    await create(sandbox);
  }
  await using fresh = await createSandbox();
  expect(await idsIn(fresh)).toEqual([]);
  await using sandbox = await createSandbox({ persistTo });
  expect(await idsIn(sandbox)).toEqual(["order-1"]);
});

it("stores no file for an order ledger", async () => {
  const persistTo = join(folder, "ledgers");
  await using sandbox = await createSandbox({ persistTo });
  await create(sandbox);
  const { response } = await clientOf(sandbox.url).POST("/v2/order_events", {
    body: { order_id: order.id, type: "CAPTURED", amount: 1, network_transaction_id: "nt-1" },
  });
  expect(response.headers.get("Server-Timing")).toContain("queries=2");
  expect(globSync("v3/do/*OrderLedger/**", { cwd: persistTo })).toEqual([]);
});

it("passes variables to the Worker", async () => {
  const ADMIN_TOKEN = "a:b".repeat(11);
  await using sandbox = await createSandbox({ vars: { ADMIN_TOKEN } });
  const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` };
  expect((await fetch(`${sandbox.url}/sandbox/partners`, { headers })).status).toBe(200);
});

it("serves the script of the docs page with an ETag", async () => {
  await using sandbox = await createSandbox();
  const url = `${sandbox.url}/docs/scalar.js`;
  const script = await fetch(url);
  expect(script.headers.get("Content-Type")).toBe("text/javascript; charset=utf-8");
  const headers = { "If-None-Match": script.headers.get("ETag")! };
  expect((await fetch(url, { headers })).status).toBe(304);
});

it("rejects a port or folder in use, and a folder written by a newer version", async () => {
  const persistTo = join(folder, "used");
  const port = await freePort();
  const sandbox = await createSandbox({ persistTo, port });
  await expect(createSandbox({ port })).rejects.toThrow(
    `Port ${port} is in use: stop the server that uses it, or choose another port.`,
  );
  await expect(createSandbox({ persistTo })).rejects.toThrow(
    `Another server uses the state folder ${persistTo}`,
  );
  await sandbox.close();

  await addMigration(persistTo, "9999_from_the_future.sql");
  await expect(createSandbox({ persistTo })).rejects.toThrow(
    /another version.* 9999_from_the_future\.sql\. Remove the folder/,
  );
  // The refused start released its lock.
  const copy = join(folder, "copy");
  await cp(persistTo, copy, { recursive: true });
  await expect(createSandbox({ persistTo: copy })).rejects.toThrow("another version");
  await expect.poll(childrenOfThis).toEqual([]);
});

async function addMigration(persistTo: string, name: string): Promise<void> {
  const path = databasesIn(persistTo).find((each) => !each.endsWith("metadata.sqlite"));
  const database = new DatabaseSync(path!);
  database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").run(name);
  database.close();
}

/** The child processes of this process. */
function childrenOfThis(): string[] {
  const ofEach = globSync(`/proc/${process.pid}/task/*/children`);
  return ofEach.flatMap((path) => readFileSync(path, "utf8").split(" ").filter(Boolean));
}
