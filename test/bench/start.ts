/**
 * `npm run bench -- start`: measures installation, start and the requests of a single client. It compares the
 * requests with a Worker that runs only the storage, with `wrangler dev`, and with Prism, which generates
 * its responses from the document and stores nothing.
 */
import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { run } from "../../src/cli/tools.ts";
import { createSandbox } from "../../src/local/index.ts";
import { Program } from "../e2e/program.ts";
import { freePort } from "../e2e/server.ts";
import { migrate } from "./data.ts";
import { requests, type HttpRequest } from "./operations.ts";
import { send } from "./request.ts";
import { build, start } from "./servers.ts";
import { median } from "./statistics.ts";

const STARTS = 5;
const ROUNDS = 5;
const REQUESTS_PER_ROUND = 100;
const POLL_MILLISECONDS = 10;
const MEBIBYTE = 1_048_576;

export interface Figure {
  what: string;
  figure: number;
  unit: string;
  /** The highest allowed figure. Missing if the figure is only for comparison. */
  goal?: number;
}

/** Yields each figure as soon as it is measured. */
export async function* measureStart(folder: string): AsyncGenerator<Figure> {
  const installed = join(folder, "installed");
  yield* measureInstall(folder, installed);
  yield* measureStarts(folder, installed);
  yield* measureRequests(folder, installed);
}

async function* measureInstall(folder: string, installed: string): AsyncGenerator<Figure> {
  await run("npm", ["run", "package", "--", "--pack-destination", folder]);
  const [tarball = ""] = globSync(join(folder, "*.tgz"));
  const megabytes = statSync(tarball).size / 1e6;
  yield { what: "tarball", figure: megabytes, unit: "MB", goal: 3 };

  mkdirSync(installed);
  writeFileSync(join(installed, "package.json"), "{}");
  const began = performance.now();
  const flags = ["--prefix", installed, "--cache", join(folder, "cache"), "--no-audit"];
  await run("npm", ["install", tarball, ...flags]);
  const seconds = (performance.now() - began) / 1_000;
  yield { what: "install from an empty cache", figure: seconds, unit: "s" };
  const lock = readFileSync(join(installed, "node_modules/.package-lock.json"), "utf8");
  const packages = Object.keys((JSON.parse(lock) as { packages: object }).packages).length;
  const size = Number((await run("du", ["-sk", join(installed, "node_modules")])).split("\t")[0]);
  yield { what: "installed", figure: size / 1_024, unit: "MiB", goal: 200 };
  yield { what: "installed, with itself", figure: packages, unit: "packages", goal: 25 };
}

/** The installed program, without npx. */
const program = (installed: string, port: number, ...flags: string[]): Program =>
  new Program(
    "node",
    [join(installed, "node_modules/.bin/orders-sandbox"), "--port", `${port}`, ...flags],
    "Try it:",
  );

const wranglerDev = (folder: string, port: number): Program =>
  new Program(
    "wrangler",
    ["dev", "--port", `${port}`, "--inspector-port", "0", "--persist-to", folder],
    "Ready on",
  );

const npmStart = (folder: string, port: number): Program =>
  new Program("npm", ["start", "--", "--port", `${port}`, "--persist-to", folder], "Try it:");

async function* measureStarts(folder: string, installed: string): AsyncGenerator<Figure> {
  const data = join(folder, "npm-start");
  const ways: [what: string, goal: number, begin: (port: number) => Program][] = [
    ["the program, to the first 200", 2, (port) => program(installed, port)],
    ["npm start, to the first 200", 3, (port) => npmStart(data, port)],
  ];
  for (const [what, goal, begin] of ways) {
    yield { what, figure: await secondsToFirst200(begin, STARTS), unit: "s", goal };
  }
  // Uses the data of `npm start`, since `wrangler dev` migrates only its own folder.
  const dev = await secondsToFirst200((port) => wranglerDev(data, port), 1);
  yield { what: "wrangler dev, to the first 200", figure: dev, unit: "s" };

  const sandboxes = [await createSandbox()];
  const began = performance.now();
  sandboxes.push(await createSandbox());
  const second = (performance.now() - began) / 1_000;
  for (const each of sandboxes) await each.close();
  yield { what: "a second createSandbox()", figure: second, unit: "s", goal: 0.7 };
}

async function secondsToFirst200(begin: (port: number) => Program, times: number): Promise<number> {
  const seconds: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const port = await freePort();
    const began = performance.now();
    const started = begin(port);
    await waitUntilReady(`http://127.0.0.1:${port}`);
    seconds.push((performance.now() - began) / 1_000);
    await started.stop();
  }
  return median(seconds);
}

/** Waits for a successful read of the database, which returns 503 until it is migrated. */
async function waitUntilReady(url: string): Promise<void> {
  for (;;) {
    const response = await send(url, requests.firstOrders()).catch(() => undefined);
    if (response) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}

type ServerName = "ours" | "bare" | "wranglerDev" | "prism";
type Urls = Record<ServerName, string>;

async function* measureRequests(folder: string, installed: string): AsyncGenerator<Figure> {
  const ports = { ours: await freePort(), wranglerDev: await freePort(), prism: await freePort() };
  const bare = await start(await build("ceiling", folder), join(folder, "bare"), {
    isDirect: true,
  });
  await migrate(bare.database);
  const ours = program(installed, ports.ours);
  const dev = wranglerDev(join(folder, "npm-start"), ports.wranglerDev);
  const prism = new Program(
    "prism",
    ["mock", "src/generated/openapi.json", "--port", `${ports.prism}`],
    "Prism is listening",
  );
  const programs = [ours, dev, prism];
  try {
    for (const each of programs) await each.ready();
    yield {
      what: "resident, all processes",
      figure: await residentMebibytes(ours.pid),
      unit: "MiB",
      goal: 300,
    };
    const devSize = await residentMebibytes(dev.pid);
    yield { what: "resident, wrangler dev", figure: devSize, unit: "MiB" };
    yield* compareRequests({
      ours: `http://127.0.0.1:${ports.ours}`,
      bare: bare.url,
      wranglerDev: `http://127.0.0.1:${ports.wranglerDev}`,
      prism: `http://127.0.0.1:${ports.prism}`,
    });
  } finally {
    for (const each of programs) await each.stop();
    await bare.stop();
  }
}

/** The memory of a process and all its descendants. */
async function residentMebibytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "pid=,ppid=,rss="]);
  const processes = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/ +/).map(Number));
  const sumOf = (parent: number): number =>
    processes
      .filter(([, ppid]) => ppid === parent)
      .reduce((sum, [child = 0, , rss = 0]) => sum + rss + sumOf(child), 0);
  const own = processes.find(([each]) => each === pid)?.[2] ?? 0;
  return ((own + sumOf(pid)) * 1_024) / MEBIBYTE;
}

const OPERATIONS: [what: string, goal: number, request: () => HttpRequest][] = [
  ["GET order by id", 1.3, () => requests.orderById(1)],
  ["POST event", 1.3, () => requests.postEvent(1)],
  ["POST order", 1.5, requests.postOrder],
];

const COMPARED: [name: Exclude<ServerName, "ours">, what: string, goal?: number][] = [
  ["bare", "a bare Worker"],
  ["wranglerDev", "wrangler dev", 1 / 3],
  ["prism", "Prism's mock", 2],
];

/** Sends one request at a time, to each server in turn, so that other load on the machine affects all of them. */
async function* compareRequests(urls: Urls): AsyncGenerator<Figure> {
  for (const url of Object.values(urls)) await send(url, firstOrder());
  for (const [what, goal, request] of OPERATIONS) {
    const rounds: Record<ServerName, number>[] = [];
    // The first round is a warm-up.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const p50 = { ours: 0, bare: 0, wranglerDev: 0, prism: 0 };
      for (const name of Object.keys(p50) as ServerName[]) {
        p50[name] = await p50Milliseconds(urls[name], request);
      }
      if (round > 0) rounds.push(p50);
    }
    const ours = median(rounds.map((each) => each.ours));
    yield { what: `${what}, p50`, figure: ours, unit: "ms" };
    for (const [name, other, otherGoal] of COMPARED) {
      const ratio = median(rounds.map((each) => each.ours / each[name]));
      yield { what: `${what} vs. ${other}`, figure: ratio, unit: "", goal: otherGoal ?? goal };
    }
  }
}

/** The order that the requests read and add events to. */
function firstOrder(): HttpRequest {
  const { method, path, body = "" } = requests.postOrder();
  return { method, path, body: JSON.stringify({ ...JSON.parse(body), id: "order-1" }) };
}

async function p50Milliseconds(url: string, request: () => HttpRequest): Promise<number> {
  const milliseconds: number[] = [];
  for (let count = 0; count < REQUESTS_PER_ROUND; count += 1) {
    milliseconds.push((await send(url, request())).milliseconds);
  }
  return median(milliseconds);
}
