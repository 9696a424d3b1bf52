/** The files that `src/cli/build.ts` writes: the built Worker, for the programs that run it. */
import { readFile } from "node:fs/promises";
import type { DatabaseSetup } from "./database-setup.ts";

/** Next to this folder in the package; the repository builds into `.build`. */
export const BUILD_FOLDER = new URL(
  import.meta.url.endsWith(".ts") ? "../../.build/worker/" : "../worker/",
  import.meta.url,
);

/** The Worker's bundle, and the module that wraps it locally. */
export const BUNDLE_FILE = "index.js";
export const WRAPPER_FILE = "worker-wrapper.js";

/** `worker.json`: the version, the bindings and the database setup of the Worker. */
export interface BuiltWorker {
  version: string;
  /** Miniflare's options, from wrangler.toml and .dev.vars: name, compatibility date, bindings. */
  worker: WorkerOptions;
  /** The name of the D1 binding. */
  databaseBinding: string;
  /** The name of the binding that serves the files in `assets`. */
  assetsBinding: string;
  databaseSetup: DatabaseSetup;
}

interface WorkerOptions {
  name: string;
  durableObjects: Record<string, { className: string }>;
  bindings?: Record<string, unknown>;
  serviceBindings?: Record<string, unknown>;
  [option: string]: unknown;
}

export async function readBuiltWorker(): Promise<BuiltWorker> {
  return JSON.parse(await readArtifact("worker.json")) as BuiltWorker;
}

export function readArtifact(name: string): Promise<string> {
  return readFile(new URL(name, BUILD_FOLDER), "utf8");
}
