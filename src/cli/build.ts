/** Builds the Worker for the programs of `src/local/`, where a source has changed since. */
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AROUND, BUNDLE, FOLDER, type BuiltWorker } from "../local/artifacts.ts";
import { withoutWarnings } from "../local/without-warnings.ts";
import { run } from "./tools.ts";

const CONFIG = "wrangler.toml";
const SEED = "drizzle/seed.sql";
/** All that what is built depends on. */
const SOURCES = ["src/**", "drizzle/**", CONFIG, ".dev.vars", "package.json", "package-lock.json"];

export const WORKER_FOLDER = fileURLToPath(FOLDER);
/** What the sources were when they were built. The last file that a build writes. */
export const STAMP = "sources.sha256";

/** Builds, if it has to. In a process of its own, as Wrangler takes 150 MB that a server doesn't need. */
export async function buildIfChanged(): Promise<void> {
  if (isBuilt()) return;
  // On stderr, as `npm start -- --json` has one line on stdout.
  console.error("Building the Worker …");
  await run(process.execPath, [import.meta.filename]);
}

function isBuilt(): boolean {
  const stamp = join(WORKER_FOLDER, STAMP);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === hashOfSources();
}

async function build(): Promise<void> {
  const sources = hashOfSources();
  mkdirSync(WORKER_FOLDER, { recursive: true });
  const folder = mkdtempSync(join(dirname(WORKER_FOLDER), "build-"));
  try {
    await buildInto(folder);
    replaceFiles(folder);
    writeFileSync(join(WORKER_FOLDER, STAMP), sources);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hashOfSources(): string {
  const hash = createHash("sha256");
  const paths = globSync(SOURCES).filter((path) => statSync(path).isFile());
  for (const path of paths.toSorted()) hash.update(`${path}\0`).update(readFileSync(path));
  return hash.digest("hex");
}

async function buildInto(folder: string): Promise<void> {
  const outdir = join(folder, "wrangler");
  await run("wrangler", ["deploy", "--dry-run", "--outdir", outdir]);
  // Only `wrangler deploy` has a use for the source map.
  const bundle = readFileSync(join(outdir, BUNDLE), "utf8");
  writeFileSync(join(folder, BUNDLE), bundle.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
  rmSync(outdir, { recursive: true });

  const { built, assets } = await describeWorker();
  writeFileSync(join(folder, "worker.json"), JSON.stringify(built, refuseUnsayable, 2));
  cpSync(assets, join(folder, "assets"), { recursive: true });
  for (const name of AROUND) {
    const source = readFileSync(`src/local/${name}.ts`, "utf8");
    const script = withoutWarnings(() => stripTypeScriptTypes(source));
    writeFileSync(join(folder, `${name}.js`), script.replace(/(from "\.\/.*)\.ts"/g, '$1.js"'));
  }
}

/** Taken from wrangler.toml as `wrangler dev` does, so that no binding has to be named twice. */
export async function describeWorker(): Promise<{ built: BuiltWorker; assets: string }> {
  process.env["WRANGLER_LOG"] = "error";
  // It takes half a second to load, which is not to be spent where nothing has changed.
  const wrangler = await import("wrangler");
  const { name, assets, d1_databases } = wrangler.unstable_readConfig({ config: CONFIG });
  const [database] = d1_databases;
  if (!name || !assets?.binding || !assets.directory || !database?.migrations_dir) {
    throw new Error(`${CONFIG} has to have a name, assets, and a D1 database with migrations.`);
  }
  const {
    modulesRules: _,
    assets: __,
    rootPath: ___,
    ...options
  } = wrangler.unstable_getMiniflareWorkerOptions(CONFIG).workerOptions;
  const statementsIn = (path: string) =>
    wrangler.unstable_splitSqlQuery(readFileSync(path, "utf8"));
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const built: BuiltWorker = {
    version,
    // The objects of Durable Objects lie in a folder of the Worker's name.
    worker: { ...options, name },
    databaseBinding: database.binding,
    assetsBinding: assets.binding,
    beginning: {
      migrations: globSync(join(database.migrations_dir, "*.sql"))
        .toSorted()
        .map((path) => ({ name: basename(path), statements: statementsIn(path) })),
      seed: statementsIn(SEED),
    },
  };
  return { built, assets: assets.directory };
}

/** JSON leaves out functions, and makes `{}` of a regular expression: a binding may need either one day. */
function refuseUnsayable(key: string, value: unknown): unknown {
  if (typeof value === "function" || value instanceof RegExp) {
    throw new Error(`${CONFIG} leads to an option that JSON can't say: ${key}`);
  }
  return value;
}

/** File by file, so that a server which starts meanwhile finds each. */
function replaceFiles(folder: string): void {
  for (const path of globSync("**", { cwd: folder })) {
    if (!statSync(join(folder, path)).isFile()) continue;
    const target = join(WORKER_FOLDER, path);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(folder, path), target);
  }
}

if (import.meta.main) await build();
