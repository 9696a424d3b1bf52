/** Every failed start prints one sentence with a remedy and no stack, exits with status 1, and never hangs. */
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox } from "../../src/local/index.ts";
import { databasesIn } from "../../src/local/state-folder.ts";
import { canMountDisk, SmallDisk } from "./small-disk.ts";

/** A program that hangs is killed after this time, without status 1. */
const END_MILLISECONDS = 100_000;
const PROGRAM = resolve("src/local/bin.ts");
const IN_NAMESPACE = ["--map-root-user", "--mount", "sh", "-c"];

let root: string;
let used: string;
beforeAll(async () => {
  await buildIfChanged();
  root = await mkdtemp(join(tmpdir(), "orders-sandbox-failures-"));
  used = join(root, "used");
  const sandbox = await createSandbox({ persistTo: used });
  await sandbox.close();
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** A data folder that a sandbox has used before. */
async function usedFolder(name: string): Promise<string> {
  const folder = join(root, name);
  await cp(used, folder, { recursive: true });
  return folder;
}

const flags = (folder: string) => ["--port", "0", "--json", "--persist-to", folder];

async function expectSentence(started: Promise<unknown>, sentence: string | RegExp): Promise<void> {
  const outcome = await started.then(
    () => ({ code: 0, stdout: "", stderr: "" }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  expect(outcome).toMatchObject({ code: 1, stdout: "" });
  expect(outcome.stderr).toMatch(sentence);
  expect(outcome.stderr.trimEnd().split("\n")).toHaveLength(1);
}

const run = (tool: string, args: string[], options = {}) =>
  promisify(execFile)(tool, args, { timeout: END_MILLISECONDS, ...options });
const start = (folder: string, env = {}, args: string[] = []) =>
  run("node", [...args, PROGRAM, ...flags(folder)], { env: { ...process.env, ...env } });

/** Starts the program with these paths read-only, like files of another user. */
const startReadOnly = (folder: string, paths: string[]) => {
  const mounts = paths.map(
    (path) => `mount --bind "${path}" "${path}" && mount -o remount,bind,ro "${path}"`,
  );
  const program = `exec node "${PROGRAM}" ${flags(folder)
    .map((flag) => `"${flag}"`)
    .join(" ")}`;
  return run("unshare", [...IN_NAMESPACE, [...mounts, program].join(" && ")]);
};

describe("files that this user can't write", { skip: !canMountDisk }, () => {
  it.each<[string, (folder: string) => string[]]>([
    ["the databases", databasesIn],
    [
      "the folder of the databases",
      (folder) => globSync("v3/d1/*", { cwd: folder }).map((path) => join(folder, path)),
    ],
    ["the data folder", (folder) => [folder]],
  ])("%s", async (what, pathsIn) => {
    const folder = await usedFolder(what.replaceAll(" ", "-"));
    await expectSentence(
      startReadOnly(folder, pathsIn(folder)),
      new RegExp(
        `${folder}: change their owner, or choose another folder|Can't store data in ${folder}`,
      ),
    );
  });
});

describe("a full disk", { skip: !canMountDisk }, () => {
  it("is reported before the first start and before a later one", async ({ onTestFinished }) => {
    const disk = new SmallDisk();
    onTestFinished(() => disk.unmount());
    const folder = await disk.folder("state");
    await cp(used, join(folder, "used"), { recursive: true });
    await disk.fill();
    for (const name of ["used", "new"]) {
      const path = join(folder, name);
      await expectSentence(
        start(path),
        /The disk with .* is full or failing: free some space|Can't store data in .*: ENOSPC/,
      );
    }
  });
});

describe("damaged data", () => {
  it("is reported", async () => {
    const folder = await usedFolder("damaged");
    for (const path of databasesIn(folder)) {
      await rm(`${path}-wal`, { force: true });
      await writeFile(path, "not a database".repeat(1_000));
    }
    await expectSentence(
      start(folder),
      `The data in ${folder} is damaged: remove the folder, or choose another one.`,
    );
  });
});

describe("the runtime", () => {
  it.each([
    ["bun", "Bun"],
    ["deno", "Deno"],
  ])("is rejected if it is %s", async (version, name) => {
    const hook = join(root, `${version}.mjs`);
    await writeFile(
      hook,
      `Object.defineProperty(process.versions, "${version}", { value: "1.3.0" });`,
    );
    await expectSentence(
      start(join(root, "other"), {}, ["--import", hook]),
      `Orders Sandbox needs Node 22 or newer, but this is ${name}: run it with node.`,
    );
  });

  it.each([
    ["is missing", "/nowhere/workerd"],
    ["isn't a program", resolve("package.json")],
    ["exits", "/bin/false"],
  ])("is reported if the workerd binary %s", async (_what, path) => {
    await expectSentence(
      start(join(root, "binary"), { MINIFLARE_WORKERD_PATH: path }),
      /^The sandbox can't start: \S/,
    );
  });
});

describe("a folder that can't be created", () => {
  it.each(["/proc/nowhere/state", resolve("package.json/state")])("%s", async (folder) => {
    await expectSentence(start(folder), `Can't store data in ${folder}: `);
  });

  it("is reported for the library's temporary files", async () => {
    const script = join(root, "temporary.mjs");
    await writeFile(
      script,
      `import { createSandbox } from ${JSON.stringify(resolve("src/local/index.ts"))};
       await createSandbox().catch(({ name, message }) => console.log(name, message));`,
    );
    for (const TMPDIR of ["/proc/nowhere", resolve("package.json")]) {
      const { stdout } = await run("node", [script], { env: { ...process.env, TMPDIR } });
      expect(stdout).toMatch(
        /^SandboxError Can't store temporary files in .*; set TMPDIR to a folder that exists\.\n$/,
      );
    }
  });
});
