/** Runs the built Worker on Miniflare. Clients connect to workerd directly. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
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
import { allowedHosts } from "./allowed-hosts.ts";
import { BUNDLE_FILE, readArtifact, WRAPPER_FILE, type BuiltWorker } from "./artifacts.ts";
import { setUpDatabase } from "./database-setup.ts";
import { addressesOf } from "./ports.ts";
import { parseLogMessage, type RequestLine } from "./request-line.ts";
import { SandboxError } from "./sandbox-error.ts";
import { dataFolderOf, lockFolder } from "./state-folder.ts";
import { serveAsset } from "./static-files.ts";
import { withWorkerdGuard, type GuardOptions } from "./workerd-guard.ts";
import type { SetupOutcome, WrapperOptions } from "./wrapper-options.ts";

/** The binding of the order ledgers. They store nothing; creating a file for each would take 20 ms. */
const LEDGER_BINDING = "ORDER_LEDGER";

/** Miniflare allows one direct socket for each entrypoint, so the Worker has one for each address. */
const ENTRYPOINTS = ["default", "second"];

const START_TIMEOUT_MILLISECONDS = 60_000;
const DISPOSE_MILLISECONDS = 2_000;

/** Expected errors in the runtime's log: faults, and CONNECT requests, which the runtime rejects with 500. */
const EXPECTED = [INTERRUPTED_BY_FAULT, "does not export a connect() function"];

export interface RuntimeOptions {
  host: string;
  port: number;
  /** Where Miniflare stores data; a temporary folder if undefined. */
  persistTo: string | undefined;
  /** Host names to serve in addition to those of this machine. */
  allowHosts: string[];
  vars: Record<string, string>;
  /** Called for each request. If undefined, requests aren't logged. */
  onRequest: ((line: RequestLine) => void) | undefined;
  /** Called with a log line for each internal error. */
  onError: (message: string) => void;
  guard: Omit<GuardOptions, "onFailure">;
}

/** Starts the runtime, and resolves when its database is ready. Earlier requests wait for that. */
export async function startRuntime(
  built: BuiltWorker,
  options: RuntimeOptions,
): Promise<Miniflare> {
  const setupPath = `/${randomUUID()}`;
  const miniflareOptions = await miniflareOptionsOf(built, setupPath, options);
  const failed = Promise.withResolvers<never>();
  const miniflare = withWorkerdGuard(() => new Miniflare(miniflareOptions), {
    ...options.guard,
    onFailure: failed.reject,
  });
  try {
    const setup = miniflare.dispatchFetch(`http://localhost${setupPath}`);
    const response = await Promise.race([setup, failed.promise, timeout()]);
    requireSetUp((await response.json()) as SetupOutcome, built);
    return miniflare;
  } catch (error) {
    // If workerd doesn't start, `dispose` keeps waiting for it.
    await Promise.race([miniflare.dispose(), sleep(DISPOSE_MILLISECONDS)]);
    throw error;
  }
}

async function miniflareOptionsOf(
  built: BuiltWorker,
  setupPath: string,
  { host, port, allowHosts, persistTo, vars, onRequest, onError }: RuntimeOptions,
) {
  const { databaseSetup, databaseBinding, assetsBinding, worker } = built;
  const ALLOWED_HOSTS = allowedHosts(host, allowHosts);
  const addresses = await addressesOf(host, port);
  const modules = await readModules({
    databaseSetup,
    databaseBinding,
    ledgerBinding: LEDGER_BINDING,
    setupPath,
    logsRequests: onRequest !== undefined,
  });
  return convertV4MiniflareOptions({
    ...worker,
    modules,
    durableObjects: withoutLedgerStorage(worker.durableObjects),
    bindings: { ...worker.bindings, ...vars, ALLOWED_HOSTS } as Record<string, Json>,
    serviceBindings: {
      ...(worker.serviceBindings as Record<string, V4ServiceDesignator>),
      [assetsBinding]: serveAsset,
    },
    // Bypasses Miniflare's own entry, which makes each request take a third longer.
    unsafeDirectSockets: addresses.map((address, index) => ({
      host: address,
      port,
      entrypoint: ENTRYPOINTS[index],
    })),
    host: "127.0.0.1",
    port: 0,
    resourcePersistencePath: persistTo,
    ...SILENT,
    handleStructuredLogs: ({ level, message }) => {
      const line = parseLogMessage(message);
      if (line) onRequest?.(line);
      else if (level === "error" && !EXPECTED.some((each) => message.includes(each))) {
        onError(message);
      }
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

async function timeout(): Promise<never> {
  await sleep(START_TIMEOUT_MILLISECONDS, undefined, { ref: false });
  throw new Error(`workerd hasn't started within ${START_TIMEOUT_MILLISECONDS / 1_000} seconds`);
}

function requireSetUp(outcome: SetupOutcome, { version }: BuiltWorker) {
  const { unknownMigration, error, invalidVariables } = outcome;
  if (error !== undefined) throw new Error(error);
  if (invalidVariables !== undefined) throw new SandboxError(invalidVariables);
  if (unknownMigration === undefined) return;
  throw new SandboxError(
    `The data folder was written by another version of the sandbox: version ${version} doesn't know its migration ${unknownMigration}. Remove the folder, or choose another one.`,
  );
}

/** Sets up the database in a state folder for `wrangler dev`, which has no setup of its own. */
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
    requireSetUp(await setUpDatabase(database, built.databaseSetup), built);
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
    const wrapped = wrapWorker(worker, ${JSON.stringify(options)});
    export { wrapped as default, wrapped as second };`;
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
