/** The library runs in a test's process, which may replace globals and modules, and may end at any time. */
import http from "node:http";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox } from "../../src/local/index.ts";
import { isFree } from "../../src/local/ports.ts";
import { Program } from "./program.ts";

const LIBRARY = resolve("src/local/index.ts");

let folder: string;
beforeAll(async () => {
  await buildIfChanged();
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-host-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Uses every part of the library that takes time or sends requests. */
const USE = `
  const sandbox = await createSandbox();
  const own = await sandbox.environment({ name: "own" });
  const timeout = await own.waitForRequest({}, { timeout: 50 }).catch(({ message }) => message);
  const refused = await own.timeline("none").catch(({ status }) => status);
  await own.delete();
  await sandbox.close();
  console.log(JSON.stringify({ key: own.key.slice(0, 5), timeout, refused }));
`;
const USED = {
  key: "test_",
  timeout: "No request matched {} within 50 ms. There were no requests.",
  refused: 404,
};

async function script(name: string, source: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, source);
  return path;
}

async function run(path: string, args: string[] = [], env = {}) {
  const options = { env: { ...process.env, ...env } };
  const { stdout, stderr } = await promisify(execFile)("node", [...args, path], options);
  return { stdout, stderr };
}

describe("in a test with Vitest's fakes", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it("works under fake timers, clock, fetch and HTTP, and calls none of them", async () => {
    vi.useFakeTimers({
      now: 0,
      toFake: ["Date", "performance", "setImmediate", "setInterval", "setTimeout"],
    });
    const fetched = vi.fn<() => object>(() => ({}));
    vi.stubGlobal("fetch", fetched);
    const requested = vi.spyOn(http, "request");

    const sandbox = await createSandbox();
    const own = await sandbox.environment();
    expect(own.key).toMatch(/^test_/);
    await expect(own.waitForRequest({}, { timeout: 50 })).rejects.toThrow("No request matched");
    await sandbox.close();
    await expect(sandbox.requests()).rejects.toThrow("The sandbox is closed.");

    expect(fetched).not.toHaveBeenCalled();
    expect(requested).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
    expect(Date.now()).toBe(0);
  });
});

describe("in a process that replaced something before the import", () => {
  it.each([
    [
      "globals, as happy-dom and fake timers do",
      `for (const name of ["fetch", "setTimeout", "setInterval", "setImmediate", "clearTimeout", "Date", "URL",
         "URLSearchParams", "AbortController", "AbortSignal", "Response", "Request", "Headers", "performance",
         "TextDecoder", "MessageChannel"]) {
         const fail = () => { throw new Error(name + " is the test's"); };
         Object.defineProperty(globalThis, name, { value: fail, configurable: true, writable: true });
       }`,
    ],
    [
      "sockets and HTTP, as nock and msw do",
      `import http from "node:http";
       import net from "node:net";
       import { syncBuiltinESMExports } from "node:module";
       const fail = () => { throw new Error("No connections in this test"); };
       net.Socket.prototype.connect = fail;
       net.connect = net.createConnection = http.request = http.get = fail;
       syncBuiltinESMExports();`,
    ],
    [
      "the promises of node:timers, as fake timers do",
      `import timers from "node:timers";
       import promises from "node:timers/promises";
       promises.setTimeout = () => new Promise(() => {});
       timers.setTimeout = timers.setInterval = timers.setImmediate = () => undefined;`,
    ],
  ])("works with replaced %s", async (what, hook) => {
    const name = what.replaceAll(/\W+/g, "-");
    const path = await script(
      `${name}.mjs`,
      `${hook}
       const { createSandbox } = await import(${JSON.stringify(LIBRARY)});
       ${USE}
       process.exit();`,
    );
    expect(JSON.parse((await run(path)).stdout)).toEqual(USED);
  });

  it("works with a proxy in the environment, and with hooks in NODE_OPTIONS and in flags", async () => {
    const hook = await script(
      "hook.mjs",
      `import { isMainThread } from "node:worker_threads";
       if (!isMainThread) throw new Error("The hook is the test's");`,
    );
    const path = await script(
      "proxy.mjs",
      `import { createSandbox } from ${JSON.stringify(LIBRARY)};${USE}`,
    );
    const { stdout } = await run(path, ["--import", hook], {
      NODE_OPTIONS: `--import ${hook}`,
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: "http://127.0.0.1:1",
      http_proxy: "http://127.0.0.1:1",
    });
    expect(JSON.parse(stdout)).toEqual(USED);
  });
});

describe("when the process ends without closing the sandbox", () => {
  it.each([
    ["exits", (program: Program) => program.exited(), "process.exit();"],
    ["is killed", (program: Program) => program.stop("SIGKILL"), ""],
    ["is interrupted", (program: Program) => program.stop(), ""],
  ])("leaves no process, port or file when it %s", async (what, end, ending) => {
    const temporary = await mkdtemp(join(folder, "temporary-"));
    const path = await script(
      `ends-${what.replace(" ", "-")}.mjs`,
      `import { createSandbox } from ${JSON.stringify(LIBRARY)};
       const { url } = await createSandbox();
       console.log(url);
       ${ending}`,
    );
    const env = { ...process.env, TMPDIR: temporary };
    const program = await new Program("node", [path], "\n", { env }).ready();
    const port = Number(new URL(program.output.trim()).port);
    await end(program);
    await expect.poll(() => isFree(port)).toBe(true);
    await expect.poll(() => readdir(temporary)).toEqual([]);
  });
});

describe("an error", () => {
  it("is a SandboxError, with its cause", async () => {
    const sandbox = await createSandbox();
    await expect(sandbox.timeline("none")).rejects.toMatchObject({
      name: "SandboxError",
      status: 404,
      cause: { type: "ORDER_NOT_FOUND_ERROR", request_id: expect.any(String) },
    });
    await expect(createSandbox({ port: Number(new URL(sandbox.url).port) })).rejects.toMatchObject({
      name: "SandboxError",
      message: expect.stringMatching(
        /is in use: stop the server that uses it, or choose another port\.$/,
      ),
      cause: { code: "EADDRINUSE" },
    });
    await expect(createSandbox({ persistTo: "package.json" })).rejects.toMatchObject({
      name: "SandboxError",
      cause: { code: "EEXIST" },
    });
    await sandbox.close();
    const vars = { callback: () => undefined } as unknown as Record<string, string>;
    await expect(createSandbox({ vars })).rejects.toMatchObject({
      name: "SandboxError",
      cause: { name: "DataCloneError" },
    });
  });
});
