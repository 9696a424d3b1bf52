/** Runs the built Worker on Miniflare, with nothing between it and its clients. */
import { randomUUID } from "node:crypto";
import {
  convertV4MiniflareOptions,
  kUnsafeEphemeralUniqueKey,
  Log,
  LogLevel,
  Miniflare,
  type Json,
  type V4ServiceDesignator,
} from "miniflare";
import { INTERRUPTED_BY_FAULT } from "../domain/faults.ts";
import { BUNDLE_FILE, readArtifact, WRAPPER_FILE, type BuiltWorker } from "./artifacts.ts";
import { setUpDatabase } from "./database-setup.ts";
import { parseLogMessage, type RequestLine } from "./request-line.ts";
import { SandboxError } from "./sandbox-error.ts";
import { servedHosts } from "./served-hosts.ts";
import { dataFolderOf, lockFolder } from "./state-folder.ts";
import { serveAsset } from "./static-files.ts";
import { withWorkerdGuard, type GuardOptions } from "./workerd-guard.ts";
import type { WrapperOptions } from "./wrapper-options.ts";

/** The binding of the order ledgers. They store nothing; creating a file for each would take 20 ms. */
const LEDGER_BINDING = "ORDER_LEDGER";

export interface RuntimeOptions {
  host: string;
  port: number;
  /** Where Miniflare stores data; a temporary folder if undefined. */
  persistTo: string | undefined;
  /** Host names to serve besides those of this machine. */
  allowHosts: string[];
  vars: Record<string, string>;
  /** Called for each request. If undefined, requests aren't logged. */
  onRequest: ((line: RequestLine) => void) | undefined;
  /** Called with a line of the log for each internal error. */
  onError: (message: string) => void;
  guard: GuardOptions;
}

/** Starts the runtime, and resolves when its database is ready. Earlier requests wait for that. */
export async function startRuntime(
  built: BuiltWorker,
  options: RuntimeOptions,
): Promise<Miniflare> {
  const setupPath = `/${randomUUID()}`;
  const miniflareOptions = await miniflareOptionsOf(built, setupPath, options);
  const miniflare = withWorkerdGuard(() => new Miniflare(miniflareOptions), options.guard);
  try {
    const response = await miniflare.dispatchFetch(`http://localhost${setupPath}`);
    requireKnownMigrations((await response.json()) as SetupOutcome, built);
    return miniflare;
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

async function miniflareOptionsOf(
  built: BuiltWorker,
  setupPath: string,
  { host, port, allowHosts, persistTo, vars, onRequest, onError }: RuntimeOptions,
) {
  const { databaseSetup, databaseBinding, assetsBinding, worker } = built;
  const modules = await readModules({
    databaseSetup,
    databaseBinding,
    ledgerBinding: LEDGER_BINDING,
    servedHosts: servedHosts(host, allowHosts),
    setupPath,
    logsRequests: onRequest !== undefined,
  });
  return convertV4MiniflareOptions({
    ...worker,
    modules,
    durableObjects: withoutLedgerStorage(worker.durableObjects),
    bindings: { ...worker.bindings, ...vars } as Record<string, Json>,
    serviceBindings: {
      ...(worker.serviceBindings as Record<string, V4ServiceDesignator>),
      [assetsBinding]: serveAsset,
    },
    // Bypasses Miniflare's own entry, which makes each request take a third longer.
    unsafeDirectSockets: [{ host, port }],
    host: "127.0.0.1",
    port: 0,
    resourcePersistencePath: persistTo,
    ...SILENT,
    handleStructuredLogs: ({ level, message }) => {
      const line = parseLogMessage(message);
      if (line) onRequest?.(line);
      else if (level === "error" && !message.includes(INTERRUPTED_BY_FAULT)) onError(message);
    },
  });
}

function withoutLedgerStorage(objects: BuiltWorker["worker"]["durableObjects"]) {
  return Object.fromEntries(
    Object.entries(objects).map(([binding, object]) => [
      binding,
      binding === LEDGER_BINDING
        ? { ...object, unsafeUniqueKey: kUnsafeEphemeralUniqueKey }
        : object,
    ]),
  );
}

type SetupOutcome = Awaited<ReturnType<typeof setUpDatabase>>;

function requireKnownMigrations({ unknownMigration }: SetupOutcome, { version }: BuiltWorker) {
  if (unknownMigration === undefined) return;
  throw new SandboxError(
    `The state folder was written by a newer version of the sandbox: version ${version} doesn't know its migration ${unknownMigration}.`,
  );
}

/** Sets up the database in a state folder for `wrangler dev`, which doesn't. */
export async function setUpFolder(folder: string, built: BuiltWorker): Promise<void> {
  const unlock = lockFolder(folder);
  const { name, d1Databases } = built.worker;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name,
      d1Databases: d1Databases as Record<string, string>,
      modules: [moduleOf("empty.js", "export default {};")],
      resourcePersistencePath: dataFolderOf(folder),
      ...SILENT,
    }),
  );
  try {
    const database = await miniflare.getD1Database(built.databaseBinding);
    requireKnownMigrations(await setUpDatabase(database, built.databaseSetup), built);
  } finally {
    await miniflare.dispose();
    unlock();
  }
}

/** Looks up no location, sends no telemetry, prints nothing. */
const SILENT = {
  cf: false,
  telemetry: { enabled: false },
  logRequests: false,
  log: new Log(LogLevel.NONE),
} as const;

async function readModules(options: WrapperOptions) {
  const entry = `
    import worker from "./${BUNDLE_FILE}";
    import { wrapWorker } from "./${WRAPPER_FILE}";
    export * from "./${BUNDLE_FILE}";
    export default wrapWorker(worker, ${JSON.stringify(options)});`;
  return [
    moduleOf("entry.js", entry),
    moduleOf(BUNDLE_FILE, await readArtifact(BUNDLE_FILE)),
    moduleOf(WRAPPER_FILE, await readArtifact(WRAPPER_FILE)),
  ];
}

const moduleOf = (path: string, contents: string) => ({
  type: "ESModule" as const,
  path,
  contents,
});
