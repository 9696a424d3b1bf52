import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { parseItem, serializeItem, Token } from "structured-headers";
import {
  FAULTS,
  idsOf,
  isDone,
  MAX_DELAY_MILLISECONDS,
  type AppliedFault,
  type FaultName,
  type FaultNotDone,
  type NewFault,
  type RequestSubject,
  type StoredFault,
} from "../domain/faults.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import { logError } from "../log.ts";
import type { ErrorType } from "../schemas/errors.ts";
import type { Page, PageRequest } from "../store/pages.ts";
import type { Workbench, WorkbenchReply, WorldName } from "../workbench/workbench.ts";
import type { AppEnv } from "./context.ts";
import { answerError, ApiError } from "./errors.ts";
import { MAX_BODY_BYTES } from "./validate.ts";
import { shown } from "./violations.ts";

const HEADER = "Sandbox-Fault";
const APPLIED_HEADER = "Sandbox-Fault-Applied";

/** Why an answer breaks off. The program that runs the sandbox locally knows it, and reports no error. */
const BROKEN_OFF = "broken off by a fault";
/** How long what was sent of an answer takes to be on its way. */
const FLUSH_MILLISECONDS = 50;

/**
 * Has the fault act that is for this request: the header's, else the oldest stored one that matches. One whose
 * request is not done is thrown, before anything of the request is looked at. One that is done alters the
 * answer, whatever it is.
 */
export const applyFaults = createMiddleware<AppEnv>(async (c, next) => {
  const header = c.req.header(HEADER);
  if (header !== undefined) act(c, faultIn(header));
  else if (c.get("apiKey").is_armed) await takeFault(c);
  await next();
  const fault = c.get("fault");
  if (fault && isDone(fault.fault)) await alter(c, fault, fault.fault);
});

/**
 * Asks the environment's workbench, once in a request, which of its faults acts on it. Throws one whose request
 * is not done; `applyFaults` sees to the others.
 */
export async function takeFault(c: Context<AppEnv>): Promise<void> {
  if (c.get("fault") || c.get("isFaultTaken")) return;
  c.set("isFaultTaken", true);
  const subject = await subjectOf(c);
  const key = c.get("apiKey");
  const taken = await reached(c, workbenchOf(c).takeFault(worldOf(c), subject));
  // What this isolate remembers is this object: while there are none, the next request doesn't ask.
  key.is_armed = taken.is_armed;
  if (taken.fault) act(c, taken.fault);
}

function act(c: Context<AppEnv>, fault: AppliedFault): void {
  c.set("fault", fault);
  if (!isDone(fault.fault)) throw notDone(fault, fault.fault);
}

const IS_NOT_DONE: Record<FaultNotDone, [type: ErrorType, headers?: Record<string, string>]> = {
  error: ["INTERNAL_ERROR"],
  unavailable: ["SERVICE_UNAVAILABLE_ERROR"],
  rate_limited: ["RATE_LIMIT_ERROR", { "Retry-After": "1" }],
};

function notDone(fault: AppliedFault, name: FaultNotDone): ApiError {
  const [type, headers] = IS_NOT_DONE[name];
  const message = `The fault ${name} acted on this request, which was not done.`;
  return new ApiError({ type, message }, { ...headers, [APPLIED_HEADER]: appliedHeaderOf(fault) });
}

/** Puts in the answer's place what the client gets of it. */
async function alter(
  c: Context<AppEnv>,
  fault: AppliedFault,
  name: Exclude<FaultName, FaultNotDone>,
): Promise<void> {
  const answer = c.res;
  if (name === "delay") {
    await new Promise((resolve) => setTimeout(resolve, fault.delay_ms));
    answer.headers.set(APPLIED_HEADER, appliedHeaderOf(fault));
    return;
  }
  const body = answer.body === null ? null : await answer.arrayBuffer();
  c.set("unalteredAnswer", new Response(body, answer));
  const altered = alteredAnswer(c, answer, body, name);
  altered.headers.set(APPLIED_HEADER, appliedHeaderOf(fault));
  // Without this, Hono adds to an answer the headers of the one before.
  c.res = undefined;
  c.res = altered;
}

function alteredAnswer(
  c: Context<AppEnv>,
  answer: Response,
  body: ArrayBuffer | null,
  name: Exclude<FaultName, FaultNotDone | "delay">,
): Response {
  const answerAnew = (status: number, type: string, content: BodyInit | null) =>
    new Response(content, {
      status,
      headers: { "X-Request-Id": c.get("requestId"), "Content-Type": type },
    });
  if (name === "error_after_commit") {
    const message = `The fault ${name} acted on this request: this is in the place of its answer.`;
    const error = answerError(new ApiError({ type: "INTERNAL_ERROR", message }), c);
    return answerAnew(error.status, "application/json", error.body);
  }
  if (name === "gateway_timeout") return answerAnew(504, "text/html", PROXY_PAGE);
  if (name === "lost_response" || !body?.byteLength) return lost(c);
  return new Response(cutAfterHalf(body), answer);
}

/** An answer of which nothing goes out: the connection closes where the headers would have to be sent. */
function lost(c: Context<AppEnv>): Response {
  c.set("isAnswerLost", true);
  return new Response(
    new ReadableStream({ start: (controller) => controller.error(new Error(BROKEN_OFF)) }),
  );
}

/** The first half, under headers that tell of the whole; then the stream breaks off. */
function cutAfterHalf(body: ArrayBuffer): ReadableStream {
  const { readable, writable } = new FixedLengthStream(body.byteLength);
  const half = new Uint8Array(body, 0, Math.ceil(body.byteLength / 2));
  void breakOffAfter(writable.getWriter(), half);
  return readable;
}

async function breakOffAfter(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  half: Uint8Array,
): Promise<void> {
  await writer.write(half);
  // Broken off at once, not even the headers would go out.
  await new Promise((resolve) => setTimeout(resolve, FLUSH_MILLISECONDS));
  await writer.abort(new Error(BROKEN_OFF));
}

/** What nginx answers for a server that is too slow. */
const PROXY_PAGE = [
  "<html>",
  "<head><title>504 Gateway Time-out</title></head>",
  "<body>",
  "<center><h1>504 Gateway Time-out</h1></center>",
  "<hr><center>nginx</center>",
  "</body>",
  "</html>",
  "",
].join("\r\n");

function appliedHeaderOf({ fault, id }: AppliedFault): string {
  return serializeItem([new Token(fault), new Map(id === undefined ? [] : [["id", id]])]);
}

/** The fault of a header: an Item of RFC 9651. 400 for what is none. */
function faultIn(header: string): AppliedFault {
  const refuse = (expected: string) => {
    const message = `Expected ${expected}, but received ${shown(header)}`;
    return new ApiError({
      type: "INVALID_REQUEST_ERROR",
      param: HEADER,
      message: `${HEADER}: ${message}`,
      details: [{ param: HEADER, message }],
    });
  };
  let name: unknown, parameters;
  try {
    [name, parameters] = parseItem(header);
  } catch {
    throw refuse("the name of a fault, like lost_response or delay;ms=3000 (RFC 9651)");
  }
  const fault = FAULTS.find((each) => name instanceof Token && each === name.toString());
  if (!fault) throw refuse(FAULTS.join(" or "));
  const { ms = 0, ...others } = Object.fromEntries(parameters);
  if (Object.keys(others).length > 0) throw refuse("no parameter but ms");
  if (parameters.has("ms") && fault !== "delay") throw refuse("ms only with delay");
  if (!isDelay(ms)) throw refuse(`ms to be a whole number from 0 to ${MAX_DELAY_MILLISECONDS}`);
  return { fault, delay_ms: ms };
}

function isDelay(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_DELAY_MILLISECONDS;
}

async function subjectOf(c: Context<AppEnv>): Promise<RequestSubject> {
  const path = new URL(c.req.url).pathname;
  return { method: c.req.method, path, ...idsOf(path, await bodyOf(c), c.req.query()) };
}

/** The body, as far as it is an object of JSON; else an empty one, as nothing can be matched in it. */
async function bodyOf(c: Context<AppEnv>): Promise<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse((await textOf(c)) ?? "null");
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The body's text, which whoever comes later can still read; undefined where it is too large to be taken. */
async function textOf(c: Context<AppEnv>): Promise<string | undefined> {
  const { raw } = c.req;
  if (!raw.body) return undefined;
  const length = raw.headers.get("Content-Length");
  if (raw.bodyUsed || (length !== null && Number(length) <= MAX_BODY_BYTES)) {
    return new TextDecoder().decode(await c.req.arrayBuffer());
  }
  if (length !== null) return undefined;
  // Nobody knows how long it will be. What is read here, the validation reads again.
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of raw.clone().body!) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

// What the routes do with faults.

export async function addFault(
  c: Context<AppEnv>,
  { fault: name, times = 1, skip = 0, delay_ms = 0, match = {} }: NewFault,
): Promise<StoredFault> {
  const fault: StoredFault = {
    id: crypto.randomUUID(),
    fault: name,
    times,
    remaining: times,
    skip,
    delay_ms,
    match,
    created_at: toTimestamp(new Date()),
  };
  const added = await answerOf(c, workbenchOf(c).addFault(worldOf(c), fault));
  if (!added.ok) throw new ApiError(added.refusal);
  // Here at once; the other isolates hear of it by D1.
  c.get("apiKey").is_armed = true;
  return added.result;
}

export async function listFaults(
  c: Context<AppEnv>,
  page: PageRequest,
): Promise<Page<StoredFault> | undefined> {
  return answerOf(c, workbenchOf(c).listFaults(worldOf(c), page));
}

/** 404 where there is no such fault. */
export async function removeFault(c: Context<AppEnv>, id: string): Promise<void> {
  if (await answerOf(c, workbenchOf(c).removeFault(worldOf(c), id))) return;
  throw new ApiError({
    type: "FAULT_NOT_FOUND_ERROR",
    param: "fault_id",
    message: `There is no fault ${id}: it was removed, or has acted as often as it was to.`,
  });
}

export async function removeFaults(c: Context<AppEnv>): Promise<void> {
  await answerOf(c, workbenchOf(c).removeFaults(worldOf(c)));
}

function workbenchOf(c: Context<AppEnv>): DurableObjectStub<Workbench> {
  const { WORKBENCH, LEDGER_LOCATION_HINT } = c.env;
  return WORKBENCH.getByName(
    String(c.get("apiKey").environment_id),
    LEDGER_LOCATION_HINT ? { locationHint: LEDGER_LOCATION_HINT as DurableObjectLocationHint } : {},
  );
}

function worldOf(c: Context<AppEnv>): WorldName {
  const { environment_id, world_id } = c.get("apiKey");
  return { environment_id, world_id };
}

/** The workbench's reply; 503 where it can't be reached. */
async function reached<T>(c: Context<AppEnv>, reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    logError("workbench not reached", error, { request_id: c.get("requestId") });
    throw new ApiError({
      type: "SERVICE_UNAVAILABLE_ERROR",
      message: "The environment's faults could not be asked for. Send the same request again.",
    });
  }
}

/** What the workbench answers of this world; 503 where the environment was reset, and this isolate hasn't heard of it yet. */
async function answerOf<T>(c: Context<AppEnv>, reply: Promise<WorkbenchReply<T>>): Promise<T> {
  const { answer } = await reached(c, reply);
  if (answer !== "over") return answer;
  throw new ApiError({
    type: "SERVICE_UNAVAILABLE_ERROR",
    message: "The environment was reset meanwhile. Send the same request again.",
  });
}
