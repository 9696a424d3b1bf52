/**
 * `npm run package`: the tarball of the package `orders-sandbox`. It is packed from a folder with a manifest of
 * its own: the repository's has an install script, and dependencies that the built Worker has in it.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildIfChanged, STAMP, WORKER_FOLDER } from "./build.ts";
import { run } from "./tools.ts";

const FOLDER = ".build/package";
/** What the types of the library consist of, and what the compiler leaves where it is. */
const TYPES = ["index.d.ts", "environment.d.ts", "sandbox-error.d.ts"];
const DOCUMENT_TYPES = "openapi.d.ts";

interface Manifest {
  [field: string]: unknown;
  devDependencies: { miniflare: string };
}

const { values } = parseArgs({ options: { "pack-destination": { type: "string", default: "." } } });
await buildIfChanged();
rmSync(FOLDER, { recursive: true, force: true });
await run("tsc", ["-p", "src/local"]);
for (const path of globSync(`${FOLDER}/*.d.ts`)) {
  if (!TYPES.some((name) => path === join(FOLDER, name))) rmSync(path);
}
cpSync(`src/local/${DOCUMENT_TYPES}`, join(FOLDER, DOCUMENT_TYPES));
cpSync(WORKER_FOLDER, join(FOLDER, "worker"), { recursive: true });
rmSync(join(FOLDER, "worker", STAMP));
cpSync("README.md", join(FOLDER, "README.md"));
writeFileSync(join(FOLDER, "package.json"), JSON.stringify(manifest(), null, 2));
mkdirSync(values["pack-destination"], { recursive: true });
// npm prints the name of the tarball last.
const destination = ["--pack-destination", values["pack-destination"]];
console.log((await run("npm", ["pack", `./${FOLDER}`, ...destination])).trim());

/** What the repository's manifest says of the package as well, and what is its own. */
function manifest() {
  const repository = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
  const { name, version, private: isPrivate, description, license, type } = repository;
  return {
    name,
    version,
    private: isPrivate,
    description,
    license,
    // npm compares it with the provenance.
    repository: repository["repository"],
    type,
    bin: { "orders-sandbox": "bin.js" },
    exports: { ".": { types: "./index.d.ts", default: "./index.js" } },
    engines: { node: ">=22" },
    // The version whose workerd the tests run on.
    dependencies: { miniflare: repository.devDependencies.miniflare },
  };
}
