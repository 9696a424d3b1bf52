/** What `src/cli/build.ts` made of the Worker's sources, for the programs that run it without them. */
import { readFile } from "node:fs/promises";
import type { Beginning } from "./database.ts";

/** In the package beside the programs; where these are sources, in the repository's folder for builds. */
export const FOLDER = new URL(
  import.meta.url.endsWith(".ts") ? "../../.build/worker/" : "./worker/",
  import.meta.url,
);

/** `worker.json`: how the Worker is bound, and what its database starts with. */
export interface BuiltWorker {
  version: string;
  /** Miniflare's options: name, compatibility date, bindings. They are wrangler.toml's and .dev.vars'. */
  worker: WorkerOptions;
  /** The name of the binding of the D1 database, and of the one to the files in `assets`. */
  databaseBinding: string;
  assetsBinding: string;
  beginning: Beginning;
}

interface WorkerOptions {
  name: string;
  durableObjects?: Record<string, { className: string }>;
  bindings?: Record<string, unknown>;
  serviceBindings?: Record<string, unknown>;
  [option: string]: unknown;
}

/** What the Worker's bundle is called. */
export const BUNDLE = "index.js";
/** What runs around it, in its isolate: these sources, without their types. */
export const AROUND = ["observed-worker", "database"];

export async function readBuiltWorker(): Promise<BuiltWorker> {
  return JSON.parse(await readArtifact("worker.json")) as BuiltWorker;
}

export function readArtifact(name: string): Promise<string> {
  return readFile(new URL(name, FOLDER), "utf8");
}
