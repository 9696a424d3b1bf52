/** The Worker and its ceiling: both built as `wrangler deploy` does, and run by Miniflare with the same options. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { run } from "../../src/cli/tools.ts";

const CONFIG = "wrangler.toml";

/** What can be run: the Worker as it is deployed, and the one that does nothing but the storage. */
const ENTRIES = { ours: "src/index.ts", ceiling: "test/bench/ceiling-worker.ts" };
export type WorkerName = keyof typeof ENTRIES;

export type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

export interface Server {
  /** Without a slash at the end. */
  url: string;
  database: Database;
  stop: () => Promise<void>;
}

/** Bundles a Worker into a folder, and answers the file. */
export async function build(worker: WorkerName, folder: string): Promise<string> {
  const outdir = join(folder, worker);
  await run("wrangler", ["deploy", ENTRIES[worker], "--dry-run", "--outdir", outdir]);
  return join(outdir, worker === "ours" ? "index.js" : "ceiling-worker.js");
}

type Variables = Record<string, string>;

/** A deployment's variables, and so its limits and quotas. The keys alone are those of the local seed. */
export const deployedVariables = (): Variables => ({
  ...(unstable_readConfig({ config: CONFIG }).vars as Variables),
  UNSIGNED_KEYS: "on",
});

/**
 * Runs a built Worker on a free port of the loopback address, with its data in a folder of its own. Its
 * variables are those of `wrangler dev`, but for the ones that are given. Directly: without Miniflare's
 * entrance before it, as the sandbox runs.
 */
export async function start(
  script: string,
  persistTo: string,
  { variables = {}, isDirect = false }: { variables?: Variables; isDirect?: boolean } = {},
): Promise<Server> {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(CONFIG);
  // Without the files of the docs page, which would put a server of files before the Worker.
  const { modulesRules: _, assets: __, ...options } = workerOptions;
  const contents = await readFile(script, "utf8");
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...options,
      ...(isDirect && { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] }),
      bindings: { ...(options.bindings as Variables), ...variables },
      modules: [{ type: "ESModule", path: "index.js", contents }],
      host: "127.0.0.1",
      port: 0,
      cf: false,
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => undefined,
      logRequests: false,
      telemetry: { enabled: false },
      resourcePersistencePath: persistTo,
    }),
  );
  const { origin } = await (isDirect ? miniflare.unsafeGetDirectURL() : miniflare.ready);
  return {
    url: origin,
    database: await miniflare.getD1Database("DB"),
    stop: () => miniflare.dispose(),
  };
}
