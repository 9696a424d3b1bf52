import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFree } from "../../src/local/ports.ts";
import { freePort } from "./server.ts";

/** Rounds of each way to end it. ROUNDS=10 takes two minutes longer. */
const ROUNDS = Number(process.env["ROUNDS"] ?? 2);
const END_MILLISECONDS = 2_000;
const START_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 25;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-ending-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The program run directly, as in its package, and through npm, as from the sources. */
const DIRECTLY = ["node", "src/cli/start.ts"];
const BY_NPM = ["npm", "start", "--"];

type End = (started: ChildProcess) => void;
const signal =
  (name: NodeJS.Signals): End =>
  ({ pid }) =>
    void process.kill(pid!, name);
/** Signals the whole process group, as a terminal does. */
const signalToAll =
  (name: NodeJS.Signals): End =>
  ({ pid }) =>
    void process.kill(-pid!, name);

describe.each<[way: string, command: string[], end: End]>([
  ["Ctrl-C", DIRECTLY, signal("SIGINT")],
  ["Ctrl-C to npm", BY_NPM, signalToAll("SIGINT")],
  ["SIGTERM to the program", DIRECTLY, signal("SIGTERM")],
  ["SIGTERM to npm", BY_NPM, signal("SIGTERM")],
  ["SIGKILL to the program", DIRECTLY, signal("SIGKILL")],
  ["SIGKILL to npm", BY_NPM, signal("SIGKILL")],
  ["closing the terminal", BY_NPM, signalToAll("SIGHUP")],
])("%s", (_way, command, end) => {
  it(`frees the port, in ${ROUNDS} rounds`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const port = await freePort();
      const started = await start(command, port);
      end(started);
      await expectFree(port);
    }
  });
});

it("outlives the shell that started it, as a CI step needs", async () => {
  const port = await freePort();
  const shell = spawn("sh", ["-c", `${DIRECTLY.join(" ")} ${flags(port).join(" ")} & echo $!`], {
    stdio: ["ignore", "pipe", "ignore"],
    // Without npm's variables, as in a CI step.
    env: Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")),
    ),
  });
  const [pid] = (await once(shell.stdout, "data")) as [Buffer];
  // From here on, nothing reads the program's output.
  shell.stdout.destroy();
  await waitUntilServing(port);
  await sleep(END_MILLISECONDS / 2);
  expect((await fetch(`http://localhost:${port}/openapi.json`)).ok).toBe(true);
  process.kill(Number(pid.toString()), "SIGTERM");
  await expectFree(port);
});

it("leaves no temporary file", async () => {
  const temporary = await mkdtemp(join(folder, "temporary-"));
  const started = await start(DIRECTLY, await freePort(), { TMPDIR: temporary });
  started.kill("SIGINT");
  await once(started, "exit");
  expect(await readdir(temporary)).toEqual([]);
});

const flags = (port: number) => ["--port", `${port}`, "--persist-to", folder];

async function start(command: string[], port: number, more = {}): Promise<ChildProcess> {
  const [tool = "", ...args] = [...command, ...flags(port)];
  const env = { ...process.env, ...more };
  const started = spawn(tool, args, { stdio: "ignore", detached: true, env });
  await waitUntilServing(port);
  return started;
}

async function waitUntilServing(port: number): Promise<void> {
  const deadline = Date.now() + START_MILLISECONDS;
  while (!(await isServing(port))) {
    if (Date.now() > deadline) throw new Error(`No sandbox serves port ${port}.`);
    await sleep(POLL_MILLISECONDS);
  }
}

const isServing = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/openapi.json`).then(
    ({ ok }) => ok,
    () => false,
  );

async function expectFree(port: number): Promise<void> {
  const began = Date.now();
  while (!(await isFree(port))) {
    expect(Date.now() - began, `port ${port} is still taken`).toBeLessThan(END_MILLISECONDS);
    await sleep(POLL_MILLISECONDS);
  }
}
