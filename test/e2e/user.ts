/** The environment of a package user: the tarball, Node and npm, and none of this project's tools. */
import { exec } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { buildIfChanged, STAMP, WORKER_FOLDER } from "../../src/cli/build.ts";

const FOLDER = resolve(".build/tarball");
const LOCK = resolve(".build/tarball.lock");
const POLL_MILLISECONDS = 100;
/** An older lock belongs to a run that was killed. */
const LOCK_MILLISECONDS = 120_000;

/** Packs the package once for all test files and runs. `TARBALL` names another tarball to test. */
export async function packTarball(): Promise<string> {
  const given = process.env["TARBALL"];
  if (given) return resolve(given);
  await buildIfChanged();
  await lock();
  try {
    return packedTarball() ?? (await pack());
  } finally {
    rmSync(LOCK, { recursive: true });
  }
}

async function lock(): Promise<void> {
  for (;;) {
    try {
      return mkdirSync(LOCK);
    } catch {
      const { mtimeMs = 0 } = statSync(LOCK, { throwIfNoEntry: false }) ?? {};
      if (mtimeMs > 0 && Date.now() - mtimeMs > LOCK_MILLISECONDS)
        rmSync(LOCK, { recursive: true });
      await sleep(POLL_MILLISECONDS);
    }
  }
}

/** The contents of the tarball: the build's sources, which include `src/cli`, and the guides. */
const contents = (): string =>
  [join(WORKER_FOLDER, STAMP), "README.md", ...globSync(".github/*.md")]
    .map((path) => readFileSync(path, "utf8"))
    .join("");

function packedTarball(): string | undefined {
  const stamp = join(FOLDER, STAMP);
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== contents()) return undefined;
  const name = readdirSync(FOLDER).find((each) => each.endsWith(".tgz"));
  return name && join(FOLDER, name);
}

async function pack(): Promise<string> {
  rmSync(FOLDER, { recursive: true, force: true });
  const { stdout } = await promisify(exec)(
    `npm run --silent package -- --pack-destination ${FOLDER}`,
  );
  writeFileSync(join(FOLDER, STAMP), contents());
  return join(FOLDER, stdout.trim().split("\n").at(-1) ?? "");
}

export function userEnv(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|VITEST|NODE_ENV|NODE_OPTIONS)/;
  const path = (process.env["PATH"] ?? "").split(delimiter);
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    // The Node that this project installs, but none of its tools.
    PATH: [
      resolve("node_modules/node/bin"),
      ...path.filter((each) => !each.includes("node_modules")),
    ].join(delimiter),
    npm_config_registry: process.env["npm_config_registry"],
  };
}
