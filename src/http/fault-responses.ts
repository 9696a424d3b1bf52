import type { Context } from "hono";
import {
  INTERRUPTED_BY_FAULT,
  isDelaying,
  type AlteringFault,
  type AppliedFault,
  type RejectingFault,
} from "../domain/faults.ts";
import type { ErrorType } from "../schemas/errors.ts";
import type { AppEnv } from "./context.ts";
import { respondWithError, ApiError } from "./errors.ts";
import { startDelay } from "./delayed-responses.ts";
import { appliedFaultHeader } from "./fault-header.ts";
import { releaseBody } from "./recording/recorded-body.ts";

/** How long the runtime needs to send the written bytes before the connection breaks. */
const FLUSH_MILLISECONDS = 50;

/** The number of pieces in which a slow body is sent. */
const SLOW_BODY_PIECES = 10;

const REJECTIONS: Record<RejectingFault, ErrorType> = {
  error: "INTERNAL_ERROR",
  unavailable: "SERVICE_UNAVAILABLE_ERROR",
  rate_limited: "RATE_LIMIT_ERROR",
};

/** The error of a fault that rejects the request. */
export function rejectionBy(fault: AppliedFault, name: RejectingFault): ApiError {
  const { status, retry_after } = fault;
  const message = `The fault ${name} rejected this request. It was not executed.`;
  const wait = retry_after === undefined ? undefined : { "Retry-After": String(retry_after) };
  return new ApiError(
    { type: REJECTIONS[name], message, status },
    { ...wait, ...appliedFaultHeader(fault) },
  );
}

/** A response, and the body that was read from it. */
interface Original {
  response: Response;
  body: ArrayBuffer | null;
}

type Alteration = (
  c: Context<AppEnv>,
  original: Original,
  fault: AppliedFault,
) => Response | Promise<Response>;

const ALTERATIONS: Record<AlteringFault, Alteration> = {
  delay: async (c, { response, body }, { delay_ms }) => {
    startDelay(c, body?.byteLength ?? 0, delay_ms);
    await scheduler.wait(delay_ms);
    return new Response(body, response);
  },
  slow_body: (c, { response, body }, { delay_ms }) => {
    if (!body?.byteLength) return new Response(null, response);
    startDelay(c, body.byteLength, delay_ms);
    return new Response(sendSlowly(body, delay_ms), response);
  },
  error_after_commit: (c, _, { status: chosen }) => {
    const message = "The fault error_after_commit replaced the response to this request.";
    const error = new ApiError({ type: "INTERNAL_ERROR", message, status: chosen });
    const { status, body } = respondWithError(error, c);
    return replacement(c, body, { status, type: "application/json" });
  },
  bad_gateway: (c) => proxyPage(c, 502, "Bad Gateway"),
  gateway_timeout: (c) => proxyPage(c, 504, "Gateway Time-out"),
  lost_response: loseResponse,
  cut_response: (c, { response, body }) =>
    body?.byteLength ? new Response(cutInHalf(body), response) : loseResponse(c),
};

/** Replaces the response with the altered one. */
export async function alterResponse(
  c: Context<AppEnv>,
  fault: AppliedFault,
  name: AlteringFault,
): Promise<void> {
  const { res: response } = c;
  const body = response.body === null ? null : await response.arrayBuffer();
  if (isDelaying(name)) await releaseBody(c);
  else c.set("unalteredResponse", new Response(body, response));
  // Otherwise Hono copies the old response's headers to the new one.
  c.res = undefined;
  const altered = await ALTERATIONS[name](c, { response, body }, fault);
  for (const [header, value] of Object.entries(appliedFaultHeader(fault))) {
    altered.headers.set(header, value);
  }
  c.res = altered;
}

/** The error page of nginx. */
function proxyPage(c: Context<AppEnv>, status: number, reason: string): Response {
  const page = [
    "<html>",
    `<head><title>${status} ${reason}</title></head>`,
    "<body>",
    `<center><h1>${status} ${reason}</h1></center>`,
    "<hr><center>nginx</center>",
    "</body>",
    "</html>",
    "",
  ].join("\r\n");
  return replacement(c, page, { status, type: "text/html" });
}

/** A response without the headers that the route set. */
function replacement(
  c: Context<AppEnv>,
  body: BodyInit | null,
  { status, type }: { status: number; type: string },
): Response {
  const headers = { "X-Request-Id": c.get("requestId"), "Content-Type": type };
  return new Response(body, { status, headers });
}

/** A body that fails immediately: the runtime closes the connection without sending the headers. */
function loseResponse(c: Context<AppEnv>): Response {
  c.set("isResponseLost", true);
  const error = new Error(INTERRUPTED_BY_FAULT);
  return new Response(new ReadableStream({ start: (controller) => controller.error(error) }));
}

/** A body in pieces, at even intervals over the given time. */
function sendSlowly(body: ArrayBuffer, milliseconds: number): ReadableStream {
  const { readable, writable } = new FixedLengthStream(body.byteLength);
  // This fails if the client has disconnected.
  writeSlowly(writable.getWriter(), body, milliseconds).catch(() => undefined);
  return readable;
}

async function writeSlowly(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  body: ArrayBuffer,
  milliseconds: number,
): Promise<void> {
  const pieceBytes = Math.ceil(body.byteLength / SLOW_BODY_PIECES);
  for (let start = 0; start < body.byteLength; start += pieceBytes) {
    await scheduler.wait(milliseconds / SLOW_BODY_PIECES);
    const end = Math.min(start + pieceBytes, body.byteLength);
    await writer.write(new Uint8Array(body, start, end - start));
  }
  await writer.close();
}

/** The first half of a body, with the Content-Length of the whole body; then the connection breaks. */
function cutInHalf(body: ArrayBuffer): ReadableStream {
  const { readable, writable } = new FixedLengthStream(body.byteLength);
  const half = new Uint8Array(body, 0, Math.ceil(body.byteLength / 2));
  // This fails if the client has disconnected already.
  breakOffAfter(writable.getWriter(), half).catch(() => undefined);
  return readable;
}

async function breakOffAfter(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  bytes: Uint8Array,
): Promise<void> {
  await writer.write(bytes);
  // After an immediate abort, the runtime would not even send the headers.
  await scheduler.wait(FLUSH_MILLISECONDS);
  await writer.abort(new Error(INTERRUPTED_BY_FAULT));
}
