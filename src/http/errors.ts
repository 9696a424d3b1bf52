import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Refusal, RefusalType } from "../domain/decision.ts";
import type { Violation } from "../domain/order-lines.ts";
import type { ErrorEnvelope, ErrorType } from "../schemas/errors.ts";
import { logError } from "../log.ts";
import { isUnavailable, isUnmigrated } from "../store/failures.ts";
import type { AppEnv } from "./context.ts";

/** The status of every type of error: the one table from code to status. */
export const STATUS = {
  INVALID_REQUEST_ERROR: 400,
  AUTHENTICATION_ERROR: 401,
  NOT_FOUND_ERROR: 404,
  ORDER_NOT_FOUND_ERROR: 404,
  ORDER_EVENT_NOT_FOUND_ERROR: 404,
  PARTNER_NOT_FOUND_ERROR: 404,
  METHOD_NOT_ALLOWED_ERROR: 405,
  CONFLICT_ERROR: 409,
  PRECONDITION_FAILED_ERROR: 412,
  PAYLOAD_TOO_LARGE_ERROR: 413,
  UNSUPPORTED_MEDIA_TYPE_ERROR: 415,
  IDEMPOTENCY_ERROR: 422,
  RATE_LIMIT_ERROR: 429,
  INTERNAL_ERROR: 500,
  SERVICE_UNAVAILABLE_ERROR: 503,
} as const satisfies Record<ErrorType | RefusalType, ContentfulStatusCode>;

/** How long a client should wait before it repeats a request that was answered 429 or 503. */
const RETRY_AFTER_SECONDS = 1;

/** What can be said of an error to the one who sent the request. */
interface ErrorBody extends Omit<Refusal, "type" | "details"> {
  type: ErrorType;
  details?: Refusal["details"] | Violation[];
}

/** Thrown by middleware and routes; the error handler answers it in the envelope. */
export class ApiError extends Error {
  readonly body: ErrorBody;
  readonly headers: Record<string, string>;

  constructor(body: ErrorBody, headers: Record<string, string> = {}) {
    super(body.message);
    this.body = body;
    this.headers = headers;
  }
}

/** There is no such path. */
export function nothingAt(path: string): ApiError {
  return new ApiError({
    type: "NOT_FOUND_ERROR",
    message: `There is nothing at ${path}. The operations are listed at /openapi.json, and explained at /docs.`,
  });
}

/** The error handler of the app: whatever was thrown, in the envelope. */
export async function answerError(error: Error, c: Context<AppEnv>): Promise<Response> {
  const { body, headers } = await toApiError(error, c);
  const status = STATUS[body.type];
  const { type, message, param, details } = body;
  const envelope: ErrorEnvelope = {
    error: { type, message, param, details, request_id: c.get("requestId") },
  };
  const wait = { "Retry-After": String(RETRY_AFTER_SECONDS) };
  return c.json(envelope, status, {
    ...((status === 429 || status === 503) && wait),
    ...headers,
  });
}

async function toApiError(error: Error, c: Context<AppEnv>): Promise<ApiError> {
  if (error instanceof ApiError) return error;
  if (error instanceof HTTPException && error.status === 400) {
    return new ApiError({ type: "INVALID_REQUEST_ERROR", message: await whyMalformed(c) });
  }
  if (isUnmigrated(error)) {
    return new ApiError({
      type: "SERVICE_UNAVAILABLE_ERROR",
      message:
        "The database has no tables yet. Run `npm start`, or `npx wrangler d1 migrations apply DB --local` (`--remote` where it is deployed).",
    });
  }
  // The cause is for the log alone.
  logError("unhandled error", error, { request_id: c.get("requestId") });
  if (isUnavailable(error)) {
    return new ApiError({
      type: "SERVICE_UNAVAILABLE_ERROR",
      message: "The database could not be reached. Send the same request again.",
    });
  }
  return new ApiError({
    type: "INTERNAL_ERROR",
    message: "Something went wrong on our side. The request id finds it in the log.",
  });
}

/** The validator says that JSON is malformed but not where, so the parser is asked again. */
async function whyMalformed(c: Context<AppEnv>): Promise<string> {
  try {
    JSON.parse(await c.req.text());
  } catch (error) {
    return `The body is not valid JSON: ${(error as Error).message}.`;
  }
  return "The request is malformed.";
}
