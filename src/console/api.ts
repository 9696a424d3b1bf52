import createClient from "openapi-fetch";
import type { components, paths } from "../generated/openapi.d.ts";
import { refuseKey, session } from "./session.ts";

type Schemas = components["schemas"];
export type RecordedRequest = Schemas["RecordedRequest"];
export type RequestDetails = Schemas["RequestDetails"];
export type Order = Schemas["Order"];
export type OrderEvent = Schemas["OrderEvent"];
export type OrderLine = Schemas["OrderLine"];
export type Timeline = Schemas["Timeline"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type TimelineFigures = Schemas["TimelineFigures"];
export type Fault = Schemas["Fault"];
export type Environment = Schemas["Environment"];

/** Why something could not be had, as a sentence for people. */
export class Problem extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export const OFFLINE = "OFFLINE";
const offline = () =>
  new Problem(OFFLINE, "The sandbox can't be reached. Is it running? This goes on when it is.");

export const authorization = (key = session.value.current?.key ?? "") => `Bearer ${key}`;

/** The API by its document. What the console reads is not recorded among the integration's requests. */
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
    if (response.status === 401) {
      const key = request.headers.get("Authorization")!.replace("Bearer ", "");
      refuseKey(key, KEY_REFUSED);
    }
  },
});

export const KEY_REFUSED =
  "The sandbox doesn't take this key any more: it was revoked, or its environment has expired or was deleted.";

/** What was answered; throws a Problem where that is no success. */
export async function answered<T>(
  asked: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await asked.catch(() => {
    throw offline();
  });
  if (response.ok) return data as T;
  const { type, message } = (error as Partial<Schemas["Error"]> | undefined)?.error ?? {};
  throw new Problem(
    type ?? `HTTP ${response.status}`,
    message ?? `It answered ${response.status}.`,
  );
}

const RECORDED_MILLISECONDS = 150;

/** The id of a recorded request, by what its answer said. It may be on its way still: undefined where it isn't there by then. */
export async function recordedAs(request_id: string, until: number): Promise<string | undefined> {
  const query = { request_id, limit: 1 };
  for (;;) {
    const { data } = await answered(api.GET("/sandbox/requests", { params: { query } }));
    if (data[0] || Date.now() > until) return data[0]?.id;
    await new Promise((resolve) => setTimeout(resolve, RECORDED_MILLISECONDS));
  }
}

/** Sends a request as an integration would: it is recorded, and faults act on it. */
export async function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Response> {
  const init = { method, headers: { ...headers, Authorization: authorization() } };
  return fetch(path, body === undefined ? init : { ...init, body }).catch(() => {
    throw new Problem(OFFLINE, "No answer came: the connection broke.");
  });
}
