/** The built Worker on Miniflare, with nothing between it and who calls. */
import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  convertV4MiniflareOptions,
  kUnsafeEphemeralUniqueKey,
  Log,
  LogLevel,
  Miniflare,
  Response,
  type Json,
  type V4ServiceDesignator,
} from "miniflare";
import { INTERRUPTED_BY_FAULT } from "../domain/faults.ts";
import { AROUND, BUNDLE, FOLDER, readArtifact, type BuiltWorker } from "./artifacts.ts";
import { prepareDatabase } from "./database.ts";
import { withGuard } from "./guard.ts";
import { parseRequestLine, type Observation, type RequestLine } from "./observation.ts";
import { SandboxError } from "./sandbox-error.ts";
import { stateWithin, takeFolder } from "./state-folder.ts";

/** The binding of the ledgers. They store nothing, and so get no files, which took 20 ms to make for each. */
const LEDGERS = "ORDER_LEDGER";

export interface RuntimeOptions {
  host: string;
  port: number;
  /** The folder of Miniflare's own; in memory, or rather in a temporary folder, if there is none. */
  persistTo: string | undefined;
  vars: Record<string, string>;
  /** Called for each request. If it is left out, the runtime isn't asked to tell. */
  onRequest: ((line: RequestLine) => void) | undefined;
  /** Called with a line of the log for each error inside. */
  onError: (message: string) => void;
}

/** Starts it, and answers when its database is ready. Requests that come before wait for that. */
export async function startRuntime(
  built: BuiltWorker,
  options: RuntimeOptions,
): Promise<Miniflare> {
  const { host, port, persistTo, vars, onRequest, onError } = options;
  const preparePath = `/${randomUUID()}`;
  const modules = await readModules({
    beginning: built.beginning,
    databaseBinding: built.databaseBinding,
    ledgerBinding: LEDGERS,
    preparePath,
    isTold: onRequest !== undefined,
  });
  const { durableObjects = {} } = built.worker;
  const miniflareOptions = convertV4MiniflareOptions({
    ...built.worker,
    modules,
    durableObjects: Object.fromEntries(
      Object.entries(durableObjects).map(([binding, object]) => [
        binding,
        binding === LEDGERS ? { ...object, unsafeUniqueKey: kUnsafeEphemeralUniqueKey } : object,
      ]),
    ),
    bindings: { ...built.worker.bindings, ...vars } as Record<string, Json>,
    serviceBindings: {
      ...(built.worker.serviceBindings as Record<string, V4ServiceDesignator>),
      [built.assetsBinding]: answerAsset,
    },
    // Straight to the Worker. Miniflare's own entrance, for its own calls, takes a third more time.
    unsafeDirectSockets: [{ host, port }],
    host: "127.0.0.1",
    port: 0,
    resourcePersistencePath: persistTo,
    ...SILENT,
    handleStructuredLogs: ({ level, message }) => {
      const line = parseRequestLine(message);
      if (line) onRequest?.(line);
      else if (level === "error" && !message.includes(INTERRUPTED_BY_FAULT)) onError(message);
    },
  });
  const miniflare = withGuard(() => new Miniflare(miniflareOptions));
  try {
    const response = await miniflare.dispatchFetch(`http://localhost${preparePath}`);
    requireKnown((await response.json()) as Outcome, built);
    return miniflare;
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

type Outcome = Awaited<ReturnType<typeof prepareDatabase>>;

/** Refuses, in a sentence, a database that a newer version has migrated. */
function requireKnown({ unknownMigration }: Outcome, { version }: BuiltWorker): void {
  if (unknownMigration === undefined) return;
  throw new SandboxError(
    `The state folder was made by a newer version of the sandbox: version ${version} doesn't know its migration ${unknownMigration}.`,
  );
}

/** Prepares the database in a state folder for a server that doesn't: `wrangler dev`. */
export async function prepareFolder(folder: string, built: BuiltWorker): Promise<void> {
  const giveBack = takeFolder(folder);
  const { name, d1Databases } = built.worker;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name,
      d1Databases: d1Databases as Record<string, string>,
      modules: [moduleOf("nothing.js", "export default {};")],
      resourcePersistencePath: stateWithin(folder),
      ...SILENT,
    }),
  );
  try {
    const database = await miniflare.getD1Database(built.databaseBinding);
    requireKnown(await prepareDatabase(database, built.beginning), built);
  } finally {
    await miniflare.dispose();
    giveBack();
  }
}

/** Nobody is asked where this machine is, nobody is told that it runs, and nothing is printed. */
const SILENT = {
  cf: false,
  telemetry: { enabled: false },
  logRequests: false,
  log: new Log(LogLevel.NONE),
} as const;

async function readModules(observation: Observation) {
  const entry = `
    import worker from "./${BUNDLE}";
    import { observe } from "./observed-worker.js";
    export * from "./${BUNDLE}";
    export default observe(worker, ${JSON.stringify(observation)});`;
  const built = [BUNDLE, ...AROUND.map((name) => `${name}.js`)];
  return [
    moduleOf("entry.js", entry),
    ...(await Promise.all(built.map(async (path) => moduleOf(path, await readArtifact(path))))),
  ];
}

const moduleOf = (path: string, contents: string) => ({
  type: "ESModule" as const,
  path,
  contents,
});

const CONTENT_TYPES: Record<string, string> = { js: "text/javascript", css: "text/css" };

/** Answers a file of the assets. Miniflare's own server of files would stand before every request. */
async function answerAsset(request: {
  url: string;
  headers: { get(name: string): string | null };
}) {
  const { pathname } = new URL(request.url);
  // The path is the URL's, in which no dots are left.
  const content = await readFile(new URL(`assets${pathname}`, FOLDER)).catch(() => undefined);
  if (!content) return new Response(null, { status: 404 });
  const etag = `"${createHash("sha256").update(content).digest("hex")}"`;
  if (request.headers.get("If-None-Match") === etag) {
    return new Response(null, { status: 304, headers: { ETag: etag } });
  }
  const type = CONTENT_TYPES[pathname.split(".").at(-1)!] ?? "application/octet-stream";
  return new Response(content, {
    headers: { ETag: etag, "Content-Type": `${type}; charset=utf-8` },
  });
}
