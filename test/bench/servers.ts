/** Builds the Worker and its ceiling as `wrangler deploy` does, and runs both on Miniflare with the same options. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { run } from "../../src/cli/tools.ts";

const CONFIG = "wrangler.toml";

/** The Worker as it is deployed, and one that runs only the storage. */
const ENTRIES = { ours: "src/index.ts", ceiling: "test/bench/ceiling-worker.ts" };
export type WorkerName = keyof typeof ENTRIES;

export type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

export interface Server {
  /** Without a trailing slash. */
  url: string;
  database: Database;
  stop: () => Promise<void>;
}

/** Bundles a Worker into a folder, and returns the file's path. */
export async function build(worker: WorkerName, folder: string): Promise<string> {
  const outdir = join(folder, worker);
  await run("wrangler", ["deploy", ENTRIES[worker], "--dry-run", "--outdir", outdir]);
  return join(outdir, worker === "ours" ? "index.js" : "ceiling-worker.js");
}

type Variables = Record<string, string>;

/** A deployment's variables, with its limits and quotas. Only the keys are those of the local seed. */
export const deployedVariables = (): Variables => ({
  ...(unstable_readConfig({ config: CONFIG }).vars as Variables),
  UNSIGNED_KEYS: "on",
});

/**
 * Runs a built Worker on a free port of the loopback address, with its data in its own folder. Its variables
 * are those of `wrangler dev`, except the given ones. `isDirect` bypasses Miniflare's entry Worker, as the
 * sandbox does.
 */
export async function start(
  script: string,
  persistTo: string,
  { variables = {}, isDirect = false }: { variables?: Variables; isDirect?: boolean } = {},
): Promise<Server> {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(CONFIG);
  // Without the assets, for which Miniflare would put an asset server in front of the Worker.
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
