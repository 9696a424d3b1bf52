/**
 * Runs in the Worker's isolate, around the Worker: sets up the database before the first request, and logs each
 * request.
 */
import { FAULTS, type FaultName } from "../domain/faults.ts";
import { setUpDatabase } from "./database-setup.ts";
import { toLogMessage, type RequestLine } from "./request-line.ts";
import type { SetupOutcome, WrapperOptions } from "./wrapper-options.ts";

type Env = Record<string, D1Database & NamespaceWithoutStorage>;
/** A namespace without storage has `get(name)` where others have `getByName`. */
type NamespaceWithoutStorage = Partial<Record<"get" | "getByName", unknown>>;
type Worker = Required<Pick<ExportedHandler<Env>, "fetch">> &
  ExportedHandler<Env> & { findInvalidVariables(env: Env): string | undefined };
type Fetch = Worker["fetch"];

export function wrapWorker(worker: Worker, options: WrapperOptions): Worker {
  const { databaseSetup, databaseBinding, ledgerBinding, setupPath } = options;
  const writeLog = console.log.bind(console);
  console.log = () => undefined;
  const respond: Fetch = options.logsRequests ? withRequestLog(worker, writeLog) : worker.fetch;
  let setup: ReturnType<typeof setUpDatabase> | undefined;
  return {
    ...worker,
    async fetch(request, env, context) {
      const { url } = request;
      // Cloudflare rejects such a request before it reaches a Worker.
      if (!URL.canParse(url)) return malformedHost();
      setup ??= setUpDatabase(env[databaseBinding]!, databaseSetup);
      env[ledgerBinding]!.getByName ??= env[ledgerBinding]!.get;
      if (new URL(url).pathname === setupPath) {
        const invalidVariables = worker.findInvalidVariables(env);
        return Response.json({ ...(await outcomeOf(setup)), invalidVariables });
      }
      await setup;
      return respond(request, env, context);
    },
  };
}

/** An error ends the program, so the setup is not retried. */
const outcomeOf = (setup: ReturnType<typeof setUpDatabase>): Promise<SetupOutcome> =>
  setup.catch((error: unknown) => ({ error: String(error) }));

/** In the form of the API's errors. */
function malformedHost(): Response {
  const error = { type: "INVALID_REQUEST_ERROR", message: "Expected a valid Host header." };
  return Response.json({ error }, { status: 400 });
}

function withRequestLog(worker: Worker, writeLog: (message: string) => void): Fetch {
  return async (request, env, context) => {
    const start = performance.now();
    const response = await worker.fetch(request, env, context);
    const { pathname, search } = new URL(request.url);
    const line: RequestLine = {
      method: request.method,
      path: pathname + search,
      ids: await idsOf(request.method, pathname, response),
      status: isLost(response) ? null : response.status,
      milliseconds: Math.round(performance.now() - start),
      ...(await detailsOf(response)),
    };
    writeLog(toLogMessage(line));
    return response;
  };
}

/** Whether a fault closes the connection before any byte of the response is sent. */
function isLost({ headers }: Response): boolean {
  const [name = ""] = (headers.get("Sandbox-Fault-Applied") ?? "").split(";");
  return name in FAULTS && FAULTS[name as FaultName].delivers === "nothing";
}

async function detailsOf(
  response: Response,
): Promise<Pick<RequestLine, "fault" | "problem" | "warnings">> {
  const warnings = response.headers.get("Sandbox-Warnings");
  const fault = response.headers.get("Sandbox-Fault-Applied");
  return {
    ...(warnings !== null && { warnings }),
    // Without its parameters.
    ...(fault !== null && { fault: fault.split(";", 1)[0]! }),
    // A fault may truncate the body, so it is only read without a fault.
    ...(fault === null && response.status >= 400 && (await problemOf(response))),
  };
}

interface Created {
  id?: string;
  order_id?: string;
  order_event_id?: string;
}

/** The IDs of the order and event that a POST created; none if a fault altered the response. */
async function idsOf(method: string, path: string, response: Response): Promise<string[]> {
  const isCreation = method === "POST" && /^\/v2\/order(s|_events)$/.test(path);
  const isAltered = response.headers.has("Sandbox-Fault-Applied");
  if (!isCreation || isAltered || response.status !== 200) return [];
  const { id, order_id, order_event_id } = await response.clone().json<Created>();
  return [id ?? order_id, order_event_id].filter((each) => each !== undefined);
}

async function problemOf(response: Response): Promise<Pick<RequestLine, "problem">> {
  if (!response.headers.get("Content-Type")?.includes("json")) return {};
  const { error } = await response.clone().json<{ error?: { type: string; message: string } }>();
  return error ? { problem: `${error.type}: ${error.message}` } : {};
}
