/**
 * `npm run package`: packs the package `orders-sandbox` with its own manifest. The repository's manifest has an
 * install script, and dependencies that the built Worker already contains.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, type BuildOptions } from "esbuild";
import { guide } from "../openapi/guide.ts";
import { buildIfChanged, STAMP, WORKER_FOLDER } from "./build.ts";
import { run } from "./tools.ts";

const FOLDER = ".build/package";
/** The public declarations. The compiler writes one for every source file. */
const TYPES = ["index.d.ts", "environment.d.ts", "sandbox-error.d.ts", "signatures.d.ts"];
const API_TYPES = "generated/openapi.d.ts";

interface Manifest {
  [field: string]: unknown;
  devDependencies: { miniflare: string };
}

const { values } = parseArgs({ options: { "pack-destination": { type: "string", default: "." } } });
await buildIfChanged();
rmSync(FOLDER, { recursive: true, force: true });
await Promise.all([writeScripts(), writeTypes()]);
cpSync(WORKER_FOLDER, join(FOLDER, "worker"), { recursive: true });
rmSync(join(FOLDER, "worker", STAMP));
for (const path of ["README.md", ...globSync(".github/*.{md,png}")]) {
  cpSync(path, join(FOLDER, path));
}
writeFileSync(join(FOLDER, "AGENTS.md"), guide("http://localhost:8787"));
writeFileSync(join(FOLDER, "package.json"), JSON.stringify(manifest(), null, 2));
mkdirSync(values["pack-destination"], { recursive: true });
// npm prints the name of the tarball last.
const destination = ["--pack-destination", values["pack-destination"]];
console.log((await run("npm", ["pack", `./${FOLDER}`, ...destination])).trim());

/** Bundles the small libraries, so that the package only depends on Miniflare. */
async function writeScripts(): Promise<void> {
  const options = {
    outdir: join(FOLDER, "local"),
    bundle: true,
    external: ["miniflare"],
    platform: "node",
    target: "node22",
    logLevel: "warning",
  } satisfies BuildOptions;
  await build({
    ...options,
    entryPoints: ["index", "bin", "sandbox-thread"].map((name) => `src/local/${name}.ts`),
    splitting: true,
    format: "esm",
  });
  // For `require`, which Jest uses even where Node could require an ES module.
  await build({
    ...options,
    entryPoints: ["src/local/index.ts"],
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    define: { "import.meta.url": "moduleUrl" },
    banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
  });
}

async function writeTypes(): Promise<void> {
  await run("tsc", ["-p", "src/local"]);
  for (const path of globSync("**/*.d.ts", { cwd: FOLDER })) {
    if (!TYPES.some((name) => path === join("local", name))) rmSync(join(FOLDER, path));
  }
  mkdirSync(join(FOLDER, "generated"), { recursive: true });
  cpSync(join("src", API_TYPES), join(FOLDER, API_TYPES));
}

/** The package's manifest: some fields of the repository's, and its own. */
function manifest() {
  const repository = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
  const { name, version, private: isPrivate, description, license, type } = repository;
  return {
    name,
    version,
    private: isPrivate,
    description,
    license,
    // npm requires it to match the provenance statement.
    repository: repository["repository"],
    type,
    bin: { "orders-sandbox": "local/bin.js" },
    // For TypeScript's `node10` resolution, which ts-jest uses by default.
    main: "./local/index.cjs",
    types: "./local/index.d.ts",
    exports: {
      ".": {
        types: "./local/index.d.ts",
        require: "./local/index.cjs",
        default: "./local/index.js",
      },
    },
    engines: { node: ">=22" },
    // The version that the tests use.
    dependencies: { miniflare: repository.devDependencies.miniflare },
  };
}
