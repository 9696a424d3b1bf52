import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { FAULTS } from "../domain/faults.ts";
import { idsOf } from "../domain/request-subject.ts";
import {
  keptBody,
  MAX_KEPT_BODY_BYTES,
  maskKeys,
  type NewRequest,
  type RecordedMessage,
  type RequestDetails,
  type RequestError,
} from "../domain/requests.ts";
import { log, logError } from "../log.ts";
import type { DatasetRef } from "../workbench/workbench.ts";
import type { AppEnv } from "./context.ts";
import { workbenchOf } from "./workbench.ts";

/** How long requests gather before they are sent to the workbench together. */
const GATHER_MILLISECONDS = 200;
/** How late that can be before it is taken for lost, as its request may have been ended. */
const LOST_MILLISECONDS = 2_000;
/** What gathers of an environment at most, and what an isolate holds in all: beyond it, requests aren't recorded. */
const MAX_GATHERED_BYTES = 4_000_000;
const MAX_HELD_BYTES = 32_000_000;

/** How long an answer waits at most for a body that the route didn't want. */
const UNREAD_BODY_MILLISECONDS = 50;

/** A request that was answered, and the answer: what is recorded of it is worked out after it. */
interface Exchange {
  c: Context<AppEnv>;
  ms: number;
  /** Undefined without a body, "unread" where it was too large, or did not come. */
  requestBody: ArrayBuffer | "unread" | undefined;
  responseBody: string | undefined;
  unalteredBody: string | undefined;
}

/** What has gathered of a dataset of an environment. */
interface Gathered {
  dataset: DatasetRef;
  exchanges: Exchange[];
  bytes: number;
  /** When it should have been sent. */
  due: number;
}

const gathered = new Map<string, Gathered>();
let heldBytes = 0;

/**
 * Records what came with a valid key, and what was answered. It stands around everything that answers such a
 * request. It costs the answer no round trip, and what goes wrong with it is logged and nothing else.
 */
export const recordRequests = createMiddleware<AppEnv>(async (c, next) => {
  const start = performance.now();
  const written = keepJson(c);
  await next();
  if (!c.get("apiKey")) return;
  const ms = Math.round(performance.now() - start);
  try {
    keep({
      c,
      ms,
      requestBody: await requestBodyOf(c),
      responseBody: await responseBodyOf(c, written),
      unalteredBody: await c.get("unalteredResponse")?.text(),
    });
  } catch (error) {
    logError("request not recorded", error, { request_id: c.get("requestId") });
  }
});

/** The body, as the route has read it. One that it had no use for is read here, if it is small and has come. */
async function requestBodyOf(c: Context<AppEnv>): Promise<Exchange["requestBody"]> {
  const { bodyCache, raw } = c.req;
  // A promise, whatever Hono's type says.
  if (bodyCache.arrayBuffer) return c.req.arrayBuffer();
  const isLong = Number(raw.headers.get("Content-Length") ?? Infinity) > MAX_KEPT_BODY_BYTES;
  if (raw.method === "GET" || raw.body === null) return undefined;
  if (isLong || raw.bodyUsed) return "unread";
  const body = c.req.arrayBuffer().catch(() => "unread" as const);
  return Promise.race([
    body,
    scheduler.wait(UNREAD_BODY_MILLISECONDS).then(() => "unread" as const),
  ]);
}

/** What a route wrote, and what it made of it. */
interface Written {
  text?: string;
  answer?: Response;
}

/** Keeps the text of what is answered as JSON: to read it back out of the answer takes as long as to store it. */
function keepJson(c: Context<AppEnv>): Written {
  const written: Written = {};
  c.json = ((content: unknown, arg?: ContentfulStatusCode, headers?: Record<string, string>) => {
    written.text = JSON.stringify(content);
    written.answer = c.body(written.text, arg, { "Content-Type": "application/json", ...headers });
    return written.answer;
  }) as typeof c.json;
  return written;
}

/** The text that is answered. Where the connection is to break, there is none that could be read. */
async function responseBodyOf(c: Context<AppEnv>, written: Written): Promise<string | undefined> {
  const { res } = c;
  if (res === written.answer) return written.text;
  if (isBroken(c) || res.body === null) return undefined;
  const text = await res.text();
  // Unset first, so that Hono doesn't copy the headers once more.
  c.res = undefined;
  c.res = new Response(text, res);
  return text;
}

function isBroken(c: Context<AppEnv>): boolean {
  const fault = c.get("fault");
  return fault !== undefined && FAULTS[fault.fault].delivers !== "everything";
}

/** Puts it to what has gathered, and sees to it that somebody sends that. */
function keep(exchange: Exchange): void {
  const { c } = exchange;
  const { environment_id, dataset_id, reset_at } = c.get("apiKey");
  // What was sent before a reset is not of the new dataset, though it may be answered in there.
  if (c.get("receivedAt") <= reset_at) return;
  const bytes = sizeOf(exchange);
  if (heldBytes + bytes > MAX_HELD_BYTES) {
    return log("request not recorded: too many are waiting", { request_id: c.get("requestId") });
  }
  heldBytes += bytes;
  const name = `${environment_id}:${dataset_id}`;
  const now = Date.now();
  const before = gathered.get(name);
  const all = before ?? {
    dataset: { environment_id, dataset_id },
    exchanges: [],
    bytes: 0,
    due: now + GATHER_MILLISECONDS,
  };
  all.exchanges.push(exchange);
  all.bytes += bytes;
  if (!before) gathered.set(name, all);
  if (all.bytes > MAX_GATHERED_BYTES || all.due + LOST_MILLISECONDS < now) {
    c.executionCtx.waitUntil(send(c, name, all));
  } else if (!before) {
    c.executionCtx.waitUntil(scheduler.wait(GATHER_MILLISECONDS).then(() => send(c, name, all)));
  }
}

function sizeOf({ requestBody, responseBody, unalteredBody }: Exchange): number {
  const request = requestBody instanceof ArrayBuffer ? requestBody.byteLength : 0;
  const HEADERS_BYTES = 2_000;
  return HEADERS_BYTES + request + (responseBody?.length ?? 0) + (unalteredBody?.length ?? 0);
}

/**
 * Sends what has gathered of the request's environment in this isolate, so that who looks sees what was
 * answered before, without a wait.
 */
export async function sendGathered(c: Context<AppEnv>): Promise<void> {
  const { environment_id } = c.get("apiKey");
  const own = [...gathered].filter(([, { dataset }]) => dataset.environment_id === environment_id);
  await Promise.all(own.map(([name, all]) => send(c, name, all)));
}

async function send(c: Context<AppEnv>, name: string, all: Gathered): Promise<void> {
  // Somebody may have sent it already.
  if (all.exchanges.length === 0) return;
  if (gathered.get(name) === all) gathered.delete(name);
  const exchanges = all.exchanges.splice(0);
  try {
    await workbenchOf(c).record(all.dataset, exchanges.map(recordOf));
  } catch (error) {
    logError("requests not recorded", error, { requests: exchanges.length });
  } finally {
    heldBytes -= all.bytes;
  }
}

/** What is recorded of an exchange. */
function recordOf(exchange: Exchange): NewRequest {
  const { c, ms, requestBody, responseBody, unalteredBody } = exchange;
  const { res } = c;
  const url = maskKeys(c.req.url);
  const query = url.includes("?") ? url.slice(url.indexOf("?") + 1) : "";
  const sent = requestBody instanceof ArrayBuffer ? new TextDecoder().decode(requestBody) : "";
  const fault = c.get("fault") ?? null;
  const unaltered = c.get("unalteredResponse");
  const isLost = c.get("isResponseLost") === true;
  const versions = c.get("versions");
  const warnings = c.get("warnings");
  const details: RequestDetails = {
    url,
    query,
    request: {
      headers: headersOf(c.req.raw.headers),
      ...(requestBody === "unread" && { cut: true }),
      ...(requestBody instanceof ArrayBuffer && requestBody.byteLength > 0 && keptBody(sent)),
    },
    ...(!isLost && {
      response: messageOf(
        res,
        responseBody,
        fault !== null && FAULTS[fault.fault].delivers === "part",
      ),
    }),
    ...(unaltered && {
      unaltered_response: { status: unaltered.status, ...messageOf(unaltered, unalteredBody) },
    }),
    cost: c.get("db").cost,
    version_before: versions?.before ?? null,
    version_after: versions?.after ?? null,
  };
  return {
    request_id: c.get("requestId"),
    at: new Date(c.get("receivedAt")).toISOString(),
    method: c.req.method,
    path: maskKeys(c.req.path),
    status: isLost ? null : res.status,
    ms,
    ...subjectOf(c, sent, (unaltered?.ok ? unalteredBody : responseBody) ?? ""),
    error: errorOf(res.status, responseBody) ?? errorOf(unaltered?.status, unalteredBody) ?? null,
    fault,
    warnings: warnings && warnings.length > 0 ? warnings : null,
    details: JSON.stringify(details),
  };
}

function messageOf(
  { headers }: Response,
  body: string | undefined,
  isCut = false,
): RecordedMessage {
  return {
    headers: headersOf(headers),
    ...(isCut && { cut: true }),
    ...(body && keptBody(body)),
  };
}

/** What says who sent the request and from where, and what the network adds. */
const NOT_RECORDED =
  /^(authorization|proxy-authorization|cookie|set-cookie|forwarded|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-.*|mf-.*)$/;

function headersOf(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  headers.forEach((content, name) => {
    if (!NOT_RECORDED.test(name)) kept[name] = maskKeys(content);
  });
  return kept;
}

type Subject = Pick<NewRequest, "order_id" | "partner_order_id" | "partner_event_id">;

/** Which order and event it is about: by the request, the answer, or what the route knows. */
function subjectOf(c: Context<AppEnv>, sent: string, answered: string): Subject {
  const { path, method } = c.req;
  const ids = idsOf(path, objectIn(sent), c.req.query());
  // A page of a list is about nothing in particular.
  const isAnswerRead = ids.order_id === undefined && method === "POST";
  const ofAnswer = isAnswerRead ? idsOf(path, objectIn(answered), {}) : {};
  // The id that was made for a new order stands in its answer, if it is one.
  const ofRoute = method === "POST" ? undefined : c.get("orderId");
  return {
    order_id: idOf(ids.order_id ?? ofAnswer.order_id ?? ofRoute),
    partner_order_id: idOf(ids.partner_order_id ?? ofAnswer.partner_order_id),
    partner_event_id: idOf(ids.partner_event_id ?? ofAnswer.partner_event_id),
  };
}

const MAX_ID_CHARACTERS = 255;

/** What is no id is not found by one. */
function idOf(content: string | undefined): string | null {
  return content !== undefined && content.length <= MAX_ID_CHARACTERS ? maskKeys(content) : null;
}

function objectIn(text: string): Record<string, unknown> {
  if (!text.startsWith("{") && !/^\s*\{/.test(text)) return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** What an answer's envelope says. */
function errorOf(status: number | undefined, body: string | undefined): RequestError | undefined {
  if (status === undefined || status < 400 || !body) return undefined;
  const { error } = objectIn(body) as { error?: Partial<RequestError> };
  if (error?.type === undefined) return undefined;
  const { type, message = "", param } = error;
  return { type, message: maskKeys(message), ...(param !== undefined && { param }) };
}
