/** Attempts to names of private addresses, in the runtime with the network of a deployed Worker. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Program } from "./program.ts";
import { freePort } from "./server.ts";

/** Names that resolve to private addresses without a name server. The second one only where the system says so. */
const NAMES = ["localhost", hostname(), "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"];

const START_MILLISECONDS = 30_000;

interface Outcome {
  status: number | null;
  error: string | null;
}

let folder: string;
let server: Server;
let port: number;
let received = 0;
/** What sends for each list of allowed addresses. The first one is the default of the runtime. */
const senders = new Map<string, string>();
const programs: Program[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-private-names-"));
  port = await freePort();
  server = createServer((_, response) => {
    received += 1;
    response.end();
  });
  // On every address of this machine, of both families.
  await new Promise<void>((resolve) => server.listen(port, resolve));
  await bundleSender();
  await start("public", "");
  await start(
    "public and private",
    `(name = "internet", network = (allow = ["public", "private"]))`,
  );
});
afterAll(async () => {
  await Promise.all(programs.map((each) => each.stop()));
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** A Worker that sends to the URL of its request's body as deliveries do. */
async function bundleSender(): Promise<void> {
  const contents = `import { sendNotification } from "./src/workbench/send-notification.ts";
    export default {
      fetch: async (request) => Response.json(await sendNotification(await request.text(), {}, "{}")),
    };`;
  await build({
    stdin: { contents, resolveDir: "." },
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
  });
}

async function start(network: string, service: string): Promise<void> {
  const own = await freePort();
  const toml = await readFile("wrangler.toml", "utf8");
  const settingOf = (name: string) => new RegExp(`^${name} = (.*)$`, "m").exec(toml)?.[1];
  const config = `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .sender), ${service}],
      sockets = [(name = "http", address = "127.0.0.1:${own}", http = (), service = "main")]);
    const sender :Workerd.Worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = ${settingOf("compatibility_date")},
      compatibilityFlags = ${settingOf("compatibility_flags")});`;
  const file = join(folder, `${own}.capnp`);
  await writeFile(file, config);
  programs.push(new Program("node_modules/.bin/workerd", ["serve", file], ""));
  senders.set(network, `http://127.0.0.1:${own}/`);
  await vi.waitFor(() => attempt(network, "not a URL"), START_MILLISECONDS);
}

async function attempt(network: string, url: string): Promise<Outcome> {
  const response = await fetch(senders.get(network)!, { method: "POST", body: url });
  return (await response.json()) as Outcome;
}

it.each(NAMES)("%s is not connected to", async (name) => {
  const outcome = await attempt("public", `http://${name}:${port}/`);
  expect(outcome).toMatchObject({ status: null, error: expect.stringContaining("failed") });
  expect(received).toBe(0);
});

it("localhost would respond in a network that allows it", async () => {
  const outcome = await attempt("public and private", `http://localhost:${port}/`);
  expect(outcome).toMatchObject({ status: 200 });
  expect(received).toBe(1);
});
