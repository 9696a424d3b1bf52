import { exec } from "node:child_process";
import { globSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isRunnable, recipeOf } from "./guide.ts";
import { CHECK_IDS } from "../../src/domain/readiness/checks.ts";
import { howToProve } from "../../src/domain/readiness/how-to-prove.ts";
import { guide } from "../../src/openapi/guide.ts";
import { freePort } from "./server.ts";
import { packTarball, userEnv } from "./user.ts";

const RECIPES = readFileSync(".github/RECIPES.md", "utf8");
const NOTIFICATIONS = readFileSync(".github/NOTIFICATIONS.md", "utf8");
const README = readFileSync("README.md", "utf8");
const STEP_MILLISECONDS = 60_000;
/** For the package and the tools of all recipes, on a busy machine with an empty cache. */
const INSTALL_MILLISECONDS = 300_000;
const END_MILLISECONDS = 5_000;
const VITEST_MILLISECONDS = 120_000;
const JEST = "jest@30.5.2";
const DEBIAN_JUNIT = "/usr/share/java/junit-platform-console-standalone.jar";

let folder: string;
let env: NodeJS.ProcessEnv;
let installMilliseconds: number;
/** Installs the package and the tools of each recipe in one folder. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-recipes-"));
  // With an empty cache, as on a new machine.
  env = { ...userEnv(), npm_config_cache: join(folder, "cache") };
  const tarball = await packTarball();
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  const versions = JSON.parse(readFileSync("package.json", "utf8")).devDependencies;
  const tools = ["vitest", "typescript", "@types/node"].map((name) => `${name}@${versions[name]}`);
  const began = performance.now();
  await run(`npm install --no-audit --no-fund ${tarball} ${tools.join(" ")}`, INSTALL_MILLISECONDS);
  installMilliseconds = performance.now() - began;
  await run(`npm install --no-audit --no-fund ${JEST}`, INSTALL_MILLISECONDS);
  await symlink(DEBIAN_JUNIT, join(folder, "junit.jar"));
}, INSTALL_MILLISECONDS);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(command: string, timeout = STEP_MILLISECONDS): Promise<string> {
  const options = { cwd: folder, env, timeout, shell: "/bin/bash" };
  return (await promisify(exec)(command, options)).stdout;
}

/** A command for each language that fails if the language is not installed. Node always is. */
const LANGUAGES = new Map([
  ["Vitest", "true"],
  ["Jest", "true"],
  ["node:test", "true"],
  ["Python", "pytest --version"],
  ["Ruby", `ruby -e 'require "minitest"'`],
  ["Java", `javac --version && test -e ${DEBIAN_JUNIT}`],
  ["Go", "go version"],
  ["Provoke and watch", "true"],
  ["Faults in Python", "pytest --version"],
  ["Ready for production", "true"],
]);

const TYPED = [
  ["Vitest", RECIPES],
  ["Provoke and watch", RECIPES],
  ["Ready for production", RECIPES],
  ["In a test", NOTIFICATIONS],
  ["The whole loop", README],
] as const;

describe.each([...LANGUAGES])("the recipe for %s", async (language, probe) => {
  const isSkipped = !(await isRunnable(language, probe));
  it.skipIf(isSkipped)("passes and leaves no process", async () => {
    const { file, code, command } = recipeOf(RECIPES, language);
    await writeFile(join(folder, file), code);
    await run(`set -e\n${command}`);
    await expect.poll(running, { timeout: END_MILLISECONDS }).toEqual([]);
  });
});

it("the README's example passes, and installs and runs in under two minutes", async () => {
  const { file, code } = recipeOf(README, "The whole loop");
  await writeFile(join(folder, file), code);
  const began = performance.now();
  await run(`npx vitest run ${file}`);
  const milliseconds = performance.now() - began;
  console.log(`The README's example passed after ${Math.round(milliseconds)} ms`);
  expect(installMilliseconds + milliseconds).toBeLessThan(VITEST_MILLISECONDS);
  await expect.poll(running, { timeout: END_MILLISECONDS }).toEqual([]);
});

it("the loop of the notifications guide passes, and leaves no process", async () => {
  const { file, code, command } = recipeOf(NOTIFICATIONS, "In a test");
  await writeFile(join(folder, file), code);
  await run(command);
  await expect.poll(running, { timeout: END_MILLISECONDS }).toEqual([]);
});

it("signs and verifies for both import and require", async () => {
  const program = `signNotification({ body: "{}", signing_token: "a" })
    .then((header) => verifyNotification({ header, body: "{}", signing_token: "a" }))
    .then(({ valid }) => process.stdout.write(String(valid)));`;
  const names = "{ signNotification, verifyNotification }";
  await writeFile(join(folder, "signs.mjs"), `import ${names} from "orders-sandbox"; ${program}`);
  await writeFile(
    join(folder, "signs.cjs"),
    `const ${names} = require("orders-sandbox"); ${program}`,
  );
  expect(await run("node signs.mjs && node signs.cjs")).toBe("truetrue");
});

it("the recipes and the lines of how_to_prove compile, and misspellings don't", async () => {
  for (const [heading, markdown] of TYPED) {
    const { file, code } = recipeOf(markdown, heading);
    await writeFile(join(folder, file), code);
  }
  const misspelt = `import { createSandbox } from "orders-sandbox";
    const sandbox = await createSandbox();
    // @ts-expect-error No such option.
    void createSandbox({ prt: 1 });
    // @ts-expect-error No such fault.
    await sandbox.faults.add({ fault: "lost_respones" });
    // @ts-expect-error No such filter.
    await sandbox.requests({ orderid: "order-1" });`;
  await writeFile(join(folder, "misspelt.ts"), misspelt);
  const lines = CHECK_IDS.map((id) => `{ ${howToProve(id, "").library} }`).join("\n");
  const proofs = `import { createSandbox } from "orders-sandbox";
    const sandbox = await createSandbox();
    const env = await sandbox.environment();
    ${lines}`;
  await writeFile(join(folder, "how-to-prove.ts"), proofs);
  for (const module of ["preserve", "nodenext"]) {
    await run(`npx tsc --strict --noEmit --module ${module} --target esnext --types node *.ts`);
  }
  // The module resolution of ts-jest's default configuration.
  const node10 = "--module esnext --moduleResolution node10 --ignoreDeprecations 6.0";
  await run(`npx tsc --strict --noEmit ${node10} --target esnext --types node how-to-prove.ts`);
});

it("runs every recipe", () => {
  const headings = [...RECIPES.matchAll(/^## (.*)\n/gm)].map(([, heading]) => heading);
  expect(headings).toEqual([
    ...LANGUAGES.keys(),
    "GitHub Actions",
    "Postman and generated clients",
    "Container",
    "Not tested",
  ]);
});

/** The processes whose working directory is the recipes' folder. Linux only. */
function running(): string[] {
  return globSync("/proc/[0-9]*/cwd").filter((path) => {
    try {
      return readlinkSync(path) === folder;
    } catch {
      // The process belongs to another user, or has ended.
      return false;
    }
  });
}

interface Job {
  steps: { run?: string }[];
}

it("has a workflow whose program outlives its step", async () => {
  const [, yaml = ""] = /^```yaml\n([^]*?)^```$/m.exec(RECIPES) ?? [];
  const port = `${await freePort()}`;
  const { test } = (parse(yaml) as { jobs: { test: Job } }).jobs;
  const scripts = test.steps.flatMap((step) => step.run ?? []);
  expect(scripts).toHaveLength(4);
  const [start = "", ...others] = scripts.map((script) => script.replaceAll("8787", port));
  // GitHub runs each step in a new shell, and reads its output until the shell ends.
  const withPort = start.replace("--quiet", `--quiet --port ${port}`);
  await run(`set -e\n{ ${withPort} } >/dev/null 2>&1\necho $! > pid`);
  try {
    const summary = "export GITHUB_STEP_SUMMARY=summary.md";
    for (const script of others) await run(`set -e\n${summary}\n${script}`);
    expect(readFileSync(join(folder, "summary.md"), "utf8")).toContain(
      "## Ready for production: no",
    );
  } finally {
    await run("kill $(cat pid)");
  }
  await expect.poll(running, { timeout: END_MILLISECONDS }).toEqual([]);
});

const GUIDE_BYTES = 12_000;

it("contains a guide for coding agents whose commands all work", async () => {
  const agents = readFileSync(join(folder, "node_modules/orders-sandbox/AGENTS.md"), "utf8");
  expect(agents).toBe(guide("http://localhost:8787"));
  expect(Buffer.byteLength(agents)).toBeLessThan(GUIDE_BYTES);
  const port = `${await freePort()}`;
  const [start = "", ...others] = [...agents.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) =>
    (block ?? "").replaceAll("8787", port).replaceAll("curl ", "curl --fail "),
  );
  const withPort = start.replace("--quiet", `--quiet --port ${port}`);
  // The readiness command is the last one, so that its exit status is the script's.
  const script = `set -e\n${withPort}\ntrap 'kill %1' EXIT\n${others.join("")}`;
  const output = await run(script);
  expect(output).toContain('"agrees":true');
  expect(output).toMatch(/"id":"card_agrees"[^}]*"status":"passed"/);
  await writeFile(join(folder, "agents.ts"), /^```ts\n([^]*?)^```$/m.exec(agents)?.[1] ?? "");
  await run("npx tsc --strict --noEmit --module nodenext --target esnext --types node agents.ts");
  await expect.poll(running, { timeout: END_MILLISECONDS }).toEqual([]);
});
