import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { parseItem, serializeItem, Token } from "structured-headers";
import {
  FAULTS,
  idsOf,
  INTERRUPTED_BY_FAULT,
  isDone,
  MAX_DELAY_MILLISECONDS,
  type AppliedFault,
  type FaultName,
  type FaultNotDone,
  type RequestSubject,
} from "../domain/faults.ts";
import type { ErrorType } from "../schemas/errors.ts";
import type { AppEnv } from "./context.ts";
import { answerError, ApiError } from "./errors.ts";
import { MAX_BODY_BYTES } from "./validate.ts";
import { shown } from "./violations.ts";
import { reached, workbenchOf } from "./workbench.ts";

const HEADER = "Sandbox-Fault";
const APPLIED_HEADER = "Sandbox-Fault-Applied";

/** How long what was sent of an answer takes to be on its way. */
const FLUSH_MILLISECONDS = 50;

/**
 * Has the fault act that is for this request: the header's, else the oldest stored one that matches. One whose
 * request is not done is thrown, before anything of the request is looked at. One that is done alters the
 * answer, whatever it is.
 */
export const applyFaults = createMiddleware<AppEnv>(async (c, next) => {
  const header = c.req.header(HEADER);
  c.set("canFault", true);
  if (header !== undefined) act(c, faultIn(header));
  else if (c.get("apiKey").has_faults) await takeFault(c);
  await next();
  const fault = c.get("fault");
  if (fault && isDone(fault.fault)) await alter(c, fault, fault.fault);
});

/**
 * Asks the environment's workbench which of its faults acts on a request under /v2, once in the request. Throws
 * one whose request is not done; `applyFaults` sees to the others.
 */
export async function takeFault(c: Context<AppEnv>): Promise<void> {
  if (!c.get("canFault") || c.get("fault")) return;
  const key = c.get("apiKey");
  const { environment_id, dataset_id } = key;
  const dataset = { environment_id, dataset_id };
  const taken = await reached(c, workbenchOf(c).takeFault(dataset, await subjectOf(c)));
  // D1 will say so too, and in which dataset to ask again.
  if (taken.is_superseded) return;
  c.set("canFault", false);
  // What this isolate remembers is this object: while there are none, the next request doesn't ask.
  if (key.dataset_id === dataset_id) key.has_faults = taken.has_faults;
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
    new ReadableStream({
      start: (controller) => controller.error(new Error(INTERRUPTED_BY_FAULT)),
    }),
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
  await writer.abort(new Error(INTERRUPTED_BY_FAULT));
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
