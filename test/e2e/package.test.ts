import { exec } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../../src/domain/reconciliation.ts";
import type { components } from "../../src/generated/openapi.d.ts";
import { newEnvironment } from "./card-client.ts";
import type { Client } from "./client.ts";
import { Program } from "./program.ts";
import { freePort } from "./server.ts";
import { packTarball, userEnv } from "./user.ts";

const MAX_TARBALL_BYTES = 3_000_000;
const MAX_INSTALLED_MEBIBYTES = 200;
const REFUSED_MILLISECONDS = 60_000;

let folder: string;
let tarball: string;
let env: NodeJS.ProcessEnv;
/** Installs as a user does: with the tarball, an empty folder, Node and npm. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-package-"));
  tarball = await packTarball();
  env = { ...userEnv(), npm_config_cache: join(folder, "cache") };
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(command: string, cwd: string): Promise<string> {
  return (await promisify(exec)(command, { cwd, env })).stdout;
}

it("installs, and rejects a refund, in under a minute, from an empty folder", async () => {
  const began = Date.now();
  const cwd = await mkdtemp(join(folder, "project-"));
  const port = await freePort();
  const flags = ["--yes", "--package", tarball, "orders-sandbox", "--port", `${port}`];
  const sandbox = await new Program("npx", flags, "Try it:", { cwd, env }).ready();
  const url = `http://localhost:${port}`;
  await post(url, "orders", {
    id: "order-1",
    payment_method_id: "pm-1",
    partner_order_id: "po-1",
    total_order_amount: 5000,
  });
  const event = { order_id: "order-1", network_transaction_id: "nt-1" };
  await post(url, "order_events", { ...event, type: "CAPTURED", amount: 5000 });
  const refused = await post(url, "order_events", { ...event, type: "REFUNDED", amount: 5001 });
  expect(refused.status).toBe(409);
  const milliseconds = Date.now() - began;
  console.log(`npx: refused after ${milliseconds} ms`);
  expect(milliseconds).toBeLessThan(REFUSED_MILLISECONDS);
  await expect.poll(() => sandbox.output).toContain("CONFLICT_ERROR: A refund of 5001");
  expect(sandbox.output).toMatch(/^POST {3}\/v2\/order_events {2}409 {2}\d+ ms {2}CONFLICT_ERROR/m);
  await sandbox.stop();
});

function post(url: string, resource: string, body: object): Promise<Response> {
  return fetch(`${url}/v2/${resource}`, {
    method: "POST",
    headers: { Authorization: "Bearer test_sandbox_a", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

describe("the partner's loop, with the program of the tarball", () => {
  const CARD = { payment_method_id: "pm-1", network_transaction_id: "txn-1" };
  let url: string;
  let sandbox: Program;
  let client: Client;
  beforeAll(async () => {
    const port = await freePort();
    const cwd = await mkdtemp(join(folder, "loop-"));
    const flags = ["--yes", "--package", tarball, "orders-sandbox", "--port", `${port}`];
    sandbox = await new Program("npx", flags, "Try it:", { cwd, env }).ready();
    url = `http://localhost:${port}`;
  });
  afterAll(() => sandbox.stop());
  beforeEach(async () => {
    client = await newEnvironment(url);
    const order = { payment_method_id: "pm-1", partner_order_id: "po-1", total_order_amount: 5000 };
    await client.POST("/v2/orders", { body: { id: "order-1", ...order } });
  });

  const play = async (story: Partial<components["schemas"]["StoryInput"]>) =>
    (
      await client.POST("/sandbox/transactions", {
        body: { story: "captured", amount: 5000, ...CARD, ...story },
      })
    ).data!;
  const report = async (type: "CAPTURED" | "REFUNDED", amount: number) => {
    const event = { order_id: "order-1", network_transaction_id: "txn-1", type, amount };
    const { data } = await client.POST("/v2/order_events", { body: event });
    return data!.order_event_id;
  };
  const reconcile = async () =>
    (
      await client.GET("/sandbox/orders/{order_id}/reconciliation", {
        params: { path: { order_id: "order-1" } },
      })
    ).data!;

  it("agrees once the order's events report everything that the card did", async () => {
    const { transaction, events } = await play({ story: "partly_refunded" });
    expect(events.map(({ status }) => status)).toEqual(["APPROVED", "CAPTURED", "REFUNDED"]);
    expect((await reconcile()).transactions).toEqual([]);
    const captured = await report("CAPTURED", 5000);
    expect(await reconcile()).toMatchObject({
      agrees: false,
      transactions: [{ findings: ["not_reported"] }],
    });
    const refunded = await report("REFUNDED", 2500);
    expect(await reconcile()).toEqual({
      order_id: "order-1",
      agrees: true,
      has_more: false,
      transactions: [
        {
          network_transaction_id: "txn-1",
          transaction_id: transaction.id,
          card: {
            captured: 5000,
            refunded: 2500,
            currency: "USD",
            payment_method_id: "pm-1",
            status: "REFUNDED",
          },
          order_events: {
            captured: 5000,
            refunded: 2500,
            ids: [refunded, captured],
            order_ids: ["order-1"],
          },
          findings: [],
        },
      ],
    });
    expect((await client.GET("/sandbox/reconciliation")).data!.data).toEqual([]);
  });

  const MISTAKES: Record<Finding, () => Promise<unknown>> = {
    unknown_transaction: async () => {
      await play({ story: "voided", network_transaction_id: "txn-2" });
      await report("CAPTURED", 5000);
    },
    not_reported: async () => {
      await play({ story: "refunded" });
      await report("CAPTURED", 5000);
    },
    amount_differs: async () => {
      await play({});
      await report("CAPTURED", 5000);
      await report("CAPTURED", 5000);
    },
    currency_differs: async () => {
      await play({ currency: "EUR" });
      await report("CAPTURED", 5000);
    },
    payment_method_differs: async () => {
      await play({ payment_method_id: "pm-2" });
      await report("CAPTURED", 5000);
    },
    event_after_void: async () => {
      await play({ story: "voided" });
      await report("CAPTURED", 5000);
    },
  };

  it.each(Object.entries(MISTAKES))("finds exactly %s", async (finding, makeMistake) => {
    await makeMistake();
    const { agrees, transactions } = await reconcile();
    expect(agrees).toBe(false);
    expect(transactions.map(({ findings }) => findings)).toEqual([[finding]]);
    const { data } = await client.GET("/sandbox/reconciliation");
    expect(data).toMatchObject({ total: 1, data: transactions });
  });
});

it("is small, requires Node 22, and has no install script", async () => {
  // Where npx installed the package.
  const [cwd = ""] = globSync("cache/_npx/*", { cwd: folder }).map((path) => join(folder, path));
  const size = (await readFile(tarball)).length;
  const mebibytes = Number((await run("du -sm node_modules", cwd)).split("\t")[0]);
  const packages = (await run("npm ls --all --parseable", cwd)).trim().split("\n").length - 1;
  console.log(`tarball ${size} bytes; installed ${mebibytes} MiB in ${packages} packages`);
  expect(size).toBeLessThanOrEqual(MAX_TARBALL_BYTES);
  expect(mebibytes).toBeLessThanOrEqual(MAX_INSTALLED_MEBIBYTES);
  const manifest = await readFile(join(cwd, "node_modules/orders-sandbox/package.json"), "utf8");
  const { scripts, engines, dependencies } = JSON.parse(manifest);
  expect(scripts).toBeUndefined();
  expect(engines).toEqual({ node: ">=22" });
  expect(Object.keys(dependencies)).toEqual(["miniflare"]);
});

it("rejects an older Node with one sentence", async () => {
  const cwd = await mkdtemp(join(folder, "older-"));
  await run(`tar xzf ${tarball}`, cwd);
  const pretend = `Object.defineProperty(process.versions, "node", { value: "20.19.0" });`;
  await writeFile(join(cwd, "older.mjs"), pretend);
  const started = run("node --import ./older.mjs package/local/bin.js", cwd);
  await expect(started).rejects.toMatchObject({
    code: 1,
    stderr: "Orders Sandbox needs Node 22 or newer, but this is Node 20.19.0.\n",
  });
});
