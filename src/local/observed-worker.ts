/**
 * Runs in the Worker's own isolate, around it. What it does there costs a request nothing: it prepares the
 * database before the first, and tells of each.
 */
import { prepareDatabase } from "./database.ts";
import type { Observation, RequestLine } from "./observation.ts";

type Env = Record<string, D1Database & WithoutStorage>;
/** A namespace of objects without storage: `get` takes their name, and nothing else does. */
type WithoutStorage = Partial<Record<"get" | "getByName", unknown>>;
type Worker = Required<Pick<ExportedHandler<Env>, "fetch">> & ExportedHandler<Env>;
type Fetch = Worker["fetch"];

/** The Worker, so observed. Errors inside go to stderr as ever. */
export function observe(worker: Worker, observation: Observation): Worker {
  const { beginning, databaseBinding, ledgerBinding, preparePath, isTold } = observation;
  const write = console.log.bind(console);
  console.log = () => undefined;
  const answer: Fetch = isTold ? telling(worker, write) : worker.fetch;
  let prepared: ReturnType<typeof prepareDatabase> | undefined;
  return {
    ...worker,
    async fetch(request, env, context) {
      prepared ??= prepareDatabase(env[databaseBinding]!, beginning);
      env[ledgerBinding]!.getByName ??= env[ledgerBinding]!.get;
      const outcome = await prepared;
      if (new URL(request.url).pathname === preparePath) return Response.json(outcome);
      return answer(request, env, context);
    },
  };
}

function telling(worker: Worker, write: (line: string) => void): Fetch {
  return async (request, env, context) => {
    const start = performance.now();
    const response = await worker.fetch(request, env, context);
    const { pathname, search } = new URL(request.url);
    const request_line: RequestLine = {
      method: request.method,
      path: pathname + search,
      status: isLost(response) ? null : response.status,
      milliseconds: Math.round(performance.now() - start),
      ...(await particularsOf(response)),
    };
    write(JSON.stringify({ request_line }));
    return response;
  };
}

/** Whether a fault closes the connection before a byte of the answer goes out. */
function isLost({ headers }: Response): boolean {
  return headers.get("Sandbox-Fault-Applied")?.startsWith("lost_response") ?? false;
}

/** What deserves a look, and the fault that acted; else, of a refusal, why. The answer of a fault may break off. */
async function particularsOf(
  response: Response,
): Promise<Pick<RequestLine, "fault" | "problem" | "warnings">> {
  const warnings = response.headers.get("Sandbox-Warnings");
  const fault = response.headers.get("Sandbox-Fault-Applied");
  return {
    ...(warnings !== null && { warnings }),
    ...(fault !== null && { fault }),
    ...(fault === null && response.status >= 400 && (await problemOf(response))),
  };
}

async function problemOf(response: Response): Promise<Pick<RequestLine, "problem">> {
  if (!response.headers.get("Content-Type")?.includes("json")) return {};
  const { error } = await response.clone().json<{ error?: { type: string; message: string } }>();
  return error ? { problem: `${error.type}: ${error.message}` } : {};
}
