import createClient from "openapi-fetch";
import type { components, paths } from "../generated/openapi.d.ts";
import { dropKey, session } from "./session.ts";

type Schemas = components["schemas"];
export type RecordedRequest = Schemas["RecordedRequest"];
export type RequestCounts = Schemas["RequestCounts"];
export type RequestDetails = Schemas["RequestDetails"];
export type Order = Schemas["Order"];
export type OrderEvent = Schemas["OrderEvent"];
export type OrderLine = Schemas["OrderLine"];
export type Timeline = Schemas["Timeline"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type TimelineFigures = Schemas["TimelineFigures"];
export type Transaction = Schemas["Transaction"];
export type SimulatedEvent = Schemas["SimulatedEvent"];
export type ReconciledTransaction = Schemas["ReconciledTransaction"];
export type OrderReconciliation = Schemas["OrderReconciliation"];
export type Readiness = Schemas["Readiness"];
export type ReadinessCheck = Schemas["ReadinessCheck"];
export type ReadinessEvidence = Schemas["ReadinessEvidence"];
export type Notification = Schemas["Notification"];
export type NotificationDetails = Schemas["NotificationDetails"];
export type NotificationAttempt = Schemas["NotificationAttempt"];
export type Webhook = Schemas["Webhook"];
export type Fault = Schemas["Fault"];
export type Environment = Schemas["Environment"];
export type ListedKey = Schemas["ListedKey"];

/** A failed request, with a message to show. */
export class Problem extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export const OFFLINE = "OFFLINE";

export const KEY_REFUSED =
  "The sandbox rejects this key. It was mistyped or revoked, or its environment expired or was deleted.";

export const authorization = (key = session.value.current?.key ?? "") => `Bearer ${key}`;

/** A typed client of the API. The sandbox does not record what the console reads. */
export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: (request) => fetch(request),
});
api.use({
  onRequest({ request }) {
    if (!request.headers.has("Authorization")) {
      request.headers.set("Authorization", authorization());
    }
    if (request.method === "GET") request.headers.set("Sandbox-Console", "true");
  },
  onResponse({ request, response }) {
    if (response.status !== 401) return;
    dropKey(request.headers.get("Authorization")!.replace("Bearer ", ""), KEY_REFUSED);
  },
});

/** Returns the data of a response; throws a Problem for an error. */
export async function unwrap<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call.catch(() => {
    throw new Problem(OFFLINE, "The sandbox can't be reached. Is it running?");
  });
  if (response.ok) return data as T;
  const { type, message } = (error as Partial<Schemas["Error"]> | undefined)?.error ?? {};
  throw new Problem(
    type ?? `HTTP ${response.status}`,
    message ?? `The sandbox returned ${response.status}.`,
  );
}

const POLL_MILLISECONDS = 150;

/** Finds a recorded request by its X-Request-Id. It may be recorded shortly after its response. */
export async function findRecorded(
  request_id: string,
  deadline: number,
): Promise<string | undefined> {
  const query = { request_id, limit: 1 };
  for (;;) {
    const { data } = await unwrap(api.GET("/sandbox/requests", { params: { query } }));
    if (data[0] || Date.now() > deadline) return data[0]?.id;
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}

/** Sends a request as an integration does: the sandbox records it, and faults apply to it. */
export async function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Response> {
  const init = { method, headers: { ...headers, Authorization: authorization() } };
  return fetch(path, body === undefined ? init : { ...init, body }).catch(() => {
    throw new Problem(OFFLINE, "The connection closed before a response arrived.");
  });
}
