/** Builds the Worker for the programs in `src/local`, if a source has changed. */
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
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { BUILD_FOLDER, BUNDLE_FILE, WRAPPER_FILE, type BuiltWorker } from "../local/artifacts.ts";
import { run } from "./tools.ts";

const CONFIG = "wrangler.toml";
const SEED = "drizzle/seed.sql";
/** Everything that the build depends on. */
const SOURCES = ["src/**", "drizzle/**", CONFIG, ".dev.vars", "package.json", "package-lock.json"];

export const WORKER_FOLDER = fileURLToPath(BUILD_FOLDER);
/** The hash of the sources. A build writes it last. */
export const STAMP = "sources.sha256";

/** Builds in another process, because Wrangler would use 150 MB that the server doesn't need. */
export async function buildIfChanged(): Promise<void> {
  if (isBuilt()) return;
  // On stderr, because `npm start -- --json` prints one line on stdout.
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
  // Only `wrangler deploy` uses the source map.
  const script = readFileSync(join(outdir, BUNDLE_FILE), "utf8");
  writeFileSync(join(folder, BUNDLE_FILE), script.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
  rmSync(outdir, { recursive: true });

  const { built, assets } = await describeWorker();
  writeFileSync(join(folder, "worker.json"), JSON.stringify(built, requireSerializable, 2));
  cpSync(assets, join(folder, "assets"), { recursive: true });
  await bundle({
    entryPoints: ["src/local/worker-wrapper.ts"],
    outfile: join(folder, WRAPPER_FILE),
    bundle: true,
    format: "esm",
    logLevel: "warning",
  });
}

/** Reads wrangler.toml as `wrangler dev` does, so that each binding is declared once. */
export async function describeWorker(): Promise<{ built: BuiltWorker; assets: string }> {
  process.env["WRANGLER_LOG"] = "error";
  // Loaded only for a build, because loading it takes half a second.
  const wrangler = await import("wrangler");
  const { name, assets, d1_databases } = wrangler.unstable_readConfig({ config: CONFIG });
  const [database] = d1_databases;
  if (!name || !assets?.binding || !assets.directory || !database?.migrations_dir) {
    throw new Error(`${CONFIG} needs a name, assets, and a D1 database with migrations.`);
  }
  const {
    modulesRules: _,
    assets: __,
    rootPath: ___,
    ...options
  } = wrangler.unstable_getMiniflareWorkerOptions(CONFIG).workerOptions;
  const migrations = database.migrations_dir;
  const statementsIn = (path: string) =>
    wrangler.unstable_splitSqlQuery(readFileSync(path, "utf8"));
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const built: BuiltWorker = {
    version,
    // Durable Objects are stored in a folder with the Worker's name.
    worker: { durableObjects: {}, ...options, name },
    databaseBinding: database.binding,
    assetsBinding: assets.binding,
    databaseSetup: {
      migrations: globSync("*.sql", { cwd: migrations })
        .toSorted()
        .map((file) => ({ name: file, statements: statementsIn(join(migrations, file)) })),
      seed: statementsIn(SEED),
    },
  };
  return { built, assets: assets.directory };
}

/** JSON drops functions and regular expressions, which a new kind of binding may need. */
function requireSerializable(key: string, value: unknown): unknown {
  if (typeof value === "function" || value instanceof RegExp) {
    throw new Error(`${CONFIG} needs an option that JSON can't store: ${key}`);
  }
  return value;
}

/** Replaces the files one by one, so that a server that starts meanwhile never misses a file. */
function replaceFiles(folder: string): void {
  const files = filesIn(folder);
  for (const path of files) {
    const target = join(WORKER_FOLDER, path);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(folder, path), target);
  }
  const outdated = filesIn(WORKER_FOLDER).filter((path) => !files.includes(path));
  for (const path of outdated) rmSync(join(WORKER_FOLDER, path));
}

function filesIn(folder: string): string[] {
  return globSync("**", { cwd: folder }).filter((path) => statSync(join(folder, path)).isFile());
}

if (import.meta.main) await build();
