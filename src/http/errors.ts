import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { InvalidConfig } from "../config.ts";
import { INTERNAL_ERROR, type Refusal } from "../domain/errors.ts";
import { shown } from "../domain/shown.ts";
import type { Violation } from "../domain/violation.ts";
import { logError } from "../log.ts";
import { docUrlOf, ERROR_TYPES, type ErrorEnvelope, type ErrorType } from "../schemas/errors.ts";
import { isUnavailable, isUnmigrated } from "../store/failures.ts";
import type { AppEnv } from "./context.ts";

/** How long a client should wait after a 503. */
const RETRY_AFTER_SECONDS = 1;

/** The fields of an error that the client receives. */
interface ErrorBody extends Omit<Refusal, "type"> {
  type: ErrorType;
  violations?: Violation[];
  /** Overrides the status of the type. Faults set it. */
  status?: number | undefined;
}

/** An error response, thrown by middleware and routes. The error handler sends it. */
export class ApiError extends Error {
  readonly body: ErrorBody;
  readonly headers: Record<string, string>;
  /** Whether the response has the published bare form, without the envelope. */
  readonly isBare: boolean;

  constructor(body: ErrorBody, headers: Record<string, string> = {}, isBare = false) {
    super(body.message);
    this.body = body;
    this.headers = headers;
    this.isBare = isBare;
  }
}

/** A 400 with all violations. `param` and `message` are those of the first one. */
export function invalidRequest(violations: [Violation, ...Violation[]]): ApiError {
  const [{ param, message }, ...others] = violations;
  const more =
    others.length === 0
      ? ""
      : ` (and ${others.length} more violation${others.length === 1 ? "" : "s"})`;
  return new ApiError({
    type: "INVALID_REQUEST_ERROR",
    ...(param && { param }),
    message: (param ? `${param}: ${message}` : message) + more,
    violations,
  });
}

/**
 * An error in the bare form that the contract publishes for the card side: without the `error` envelope, and with the
 * fields of `details` at the top level.
 */
export function bareError(body: ErrorBody): ApiError {
  return new ApiError(body, {}, true);
}

/** A 401 with a Bearer challenge. */
export function unauthenticated(message: string): ApiError {
  // Basic works too, but browsers show a login dialog for a Basic challenge.
  return new ApiError(
    { type: "AUTHENTICATION_ERROR", message },
    { "WWW-Authenticate": 'Bearer realm="orders-sandbox"' },
  );
}

/** A 404 for an unknown path. */
export function notFound(path: string): ApiError {
  return new ApiError({
    type: "NOT_FOUND_ERROR",
    message: `The path ${shown(path)} does not exist. /docs explains all operations, and /openapi.json lists them.`,
  });
}

/** The list filter that finds a single item: the contract has no path that returns one. */
const FILTER_FOR_ONE = new Map([
  ["/v2/orders", "id"],
  ["/v2/order_events", "order_event_id"],
]);

function howToRead(path: string): string {
  const [list = "", id] = path.split(/\/(?=[^/]*$)/);
  const filter = FILTER_FOR_ONE.get(list);
  return filter === undefined ? "" : ` To read it, send GET ${list}?${filter}=${shown(id ?? "")}.`;
}

/** Responds 405 to a method that the path doesn't support. */
export function rejectMethod(c: Context<AppEnv>, allowed: string[]): Response {
  const allow = allowed.join(", ");
  const { method, path } = c.req;
  const advice = method === "GET" ? howToRead(path) : "";
  const message = `${shown(path)} does not support ${method}. It supports ${allow}.${advice}`;
  return respondWithError(
    new ApiError({ type: "METHOD_NOT_ALLOWED_ERROR", message }, { Allow: allow }),
    c,
  );
}

/** The app's error handler: responds to any thrown error. */
export function respondWithError(error: Error, c: Context<AppEnv>): Response {
  const { body, headers, isBare } = toApiError(error, c);
  const status = body.status ?? ERROR_TYPES[body.type].status;
  const { type, message, param, details } = body;
  // A domain rule's 400 has only `param` and `message`, which form its one violation.
  const ofRule = status === 400 && param !== undefined ? [{ param, message }] : undefined;
  const { violations = ofRule } = body;
  const doc_url = docUrlOf(type, new URL(c.req.url).origin);
  const request_id = c.get("requestId");
  const envelope: ErrorEnvelope = {
    error: { type, message, param, violations, details, doc_url, request_id },
  };
  const wait = { "Retry-After": String(RETRY_AFTER_SECONDS) };
  const content = isBare ? { ...details, type, message, param, doc_url, request_id } : envelope;
  return c.json(content, status as ContentfulStatusCode, {
    ...(type === "SERVICE_UNAVAILABLE_ERROR" && wait),
    ...headers,
  });
}

function toApiError(error: Error, c: Context<AppEnv>): ApiError {
  if (error instanceof ApiError) return error;
  if (isUnmigrated(error)) {
    return new ApiError({
      type: "SERVICE_UNAVAILABLE_ERROR",
      message:
        "The database has no tables yet. Run `npm start`, or `npx wrangler d1 migrations apply DB --local` (`--remote` where it is deployed).",
    });
  }
  if (error instanceof InvalidConfig) {
    logError("invalid configuration", error, { request_id: c.get("requestId") });
    return new ApiError({
      type: "SERVICE_UNAVAILABLE_ERROR",
      message: `This sandbox is misconfigured. ${error.message}`,
    });
  }
  // Only the log gets the cause.
  logError("unhandled error", error, { request_id: c.get("requestId") });
  if (isUnavailable(error)) {
    return new ApiError({
      type: "SERVICE_UNAVAILABLE_ERROR",
      message: "The database could not be reached. Send the same request again.",
    });
  }
  return new ApiError(INTERNAL_ERROR);
}
