import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFree } from "../../src/local/ports.ts";
import { freePort } from "./server.ts";

/** Of each way to end it. With ROUNDS=10, the suite would take two minutes more. */
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

/** The program by itself, as its package has it, and as npm runs it from the sources. */
const ITSELF = ["node", "src/cli/start.ts"];
const BY_NPM = ["npm", "start", "--"];

type End = (started: ChildProcess) => void;
const signal =
  (name: NodeJS.Signals): End =>
  ({ pid }) =>
    void process.kill(pid!, name);
/** As a terminal does: to all that it runs. */
const signalToAll =
  (name: NodeJS.Signals): End =>
  ({ pid }) =>
    void process.kill(-pid!, name);

describe.each<[way: string, command: string[], end: End]>([
  ["Ctrl-C", ITSELF, signal("SIGINT")],
  ["Ctrl-C in the terminal of npm", BY_NPM, signalToAll("SIGINT")],
  ["SIGTERM to the program", ITSELF, signal("SIGTERM")],
  ["SIGTERM to npm", BY_NPM, signal("SIGTERM")],
  ["SIGKILL to the program", ITSELF, signal("SIGKILL")],
  ["SIGKILL to npm", BY_NPM, signal("SIGKILL")],
  ["closing the terminal", BY_NPM, signalToAll("SIGHUP")],
])("%s", (_way, command, end) => {
  it(`leaves nobody on the port, in ${ROUNDS} rounds`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const port = await freePort();
      const started = await start(command, port);
      end(started);
      await expectFree(port);
    }
  });
});

it("outlives the shell that started it, as a step of a CI needs", async () => {
  const port = await freePort();
  const shell = spawn("sh", ["-c", `${ITSELF.join(" ")} ${flags(port).join(" ")} & echo $!`], {
    stdio: ["ignore", "pipe", "ignore"],
    // Without what tells of npm, as in a step of a CI.
    env: Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")),
    ),
  });
  const [pid] = (await once(shell.stdout, "data")) as [Buffer];
  // Nobody reads any more what it prints.
  shell.stdout.destroy();
  await untilAnswers(port);
  await sleep(END_MILLISECONDS / 2);
  expect((await fetch(`http://localhost:${port}/openapi.json`)).ok).toBe(true);
  process.kill(Number(pid.toString()), "SIGTERM");
  await expectFree(port);
});

it("leaves no file behind in the folder for temporary ones, except Node's cache", async () => {
  const temporary = await mkdtemp(join(folder, "temporary-"));
  const started = await start(ITSELF, await freePort(), { TMPDIR: temporary });
  started.kill("SIGINT");
  await once(started, "exit");
  expect(await readdir(temporary)).toEqual(["node-compile-cache"]);
});

const flags = (port: number) => ["--port", `${port}`, "--persist-to", folder];

async function start(command: string[], port: number, more = {}): Promise<ChildProcess> {
  const [tool = "", ...args] = [...command, ...flags(port)];
  const env = { ...process.env, ...more };
  const started = spawn(tool, args, { stdio: "ignore", detached: true, env });
  await untilAnswers(port);
  return started;
}

async function untilAnswers(port: number): Promise<void> {
  const deadline = Date.now() + START_MILLISECONDS;
  while (!(await answers(port))) {
    if (Date.now() > deadline) throw new Error(`Nobody answers on port ${port}.`);
    await sleep(POLL_MILLISECONDS);
  }
}

const answers = (port: number): Promise<boolean> =>
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
