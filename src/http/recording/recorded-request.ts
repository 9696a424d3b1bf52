import type { Context } from "hono";
import { FAULTS } from "../../domain/faults.ts";
import {
  MAX_RECORDED_BODY_BYTES,
  MAX_RECORDED_URL_BYTES,
  maskKeys,
  recordedHeaders,
  recordedText,
  type NewRequest,
  type RecordedMessage,
  type RequestDetails,
  type RequestError,
} from "../../domain/requests.ts";
import { idsOf } from "../../domain/request-subject.ts";
import type { AppEnv } from "../context.ts";

/** The bodies of a request and its response. */
export interface Exchange {
  ms: number;
  /** Undefined without a body, "unread" if it was too large or did not arrive in time. */
  requestBody: ArrayBuffer | "unread" | undefined;
  responseBody: string | undefined;
  /** The response's body before a fault replaced it. */
  unalteredBody: string | undefined;
}

/** The record of a request and its response. */
export function toNewRequest(c: Context<AppEnv>, exchange: Exchange): NewRequest {
  const { ms, requestBody, responseBody, unalteredBody } = exchange;
  const { res } = c;
  const sent = requestBody instanceof ArrayBuffer ? new TextDecoder().decode(requestBody) : "";
  const fault = c.get("fault") ?? null;
  const unaltered = c.get("unalteredResponse");
  const isResponseCut = fault !== null && FAULTS[fault.fault].delivers === "part";
  const isLost = c.get("isResponseLost") === true;
  const versions = c.get("versions");
  const warnings = c.get("warnings");
  const url = recordedText(c.req.url, MAX_RECORDED_URL_BYTES);
  const isRequestCut = url.isCut || requestBody === "unread";
  const details: RequestDetails = {
    url: url.text,
    query: url.text.includes("?") ? url.text.slice(url.text.indexOf("?") + 1) : "",
    request: toMessage(c.req.raw.headers, sent, isRequestCut),
    ...(!isLost && {
      response: toMessage(res.headers, responseBody, isResponseCut),
    }),
    ...(unaltered && {
      unaltered_response: {
        status: unaltered.status,
        ...toMessage(unaltered.headers, unalteredBody),
      },
    }),
    cost: c.get("db").cost,
  };
  return {
    request_id: c.get("requestId"),
    at: new Date(c.get("receivedAt")).toISOString(),
    method: c.req.method,
    path: recordedText(c.req.path, MAX_RECORDED_URL_BYTES).text,
    status: isLost ? null : res.status,
    ms,
    ...toIds(c, sent, (unaltered?.ok ? unalteredBody : responseBody) ?? ""),
    version_before: versions?.before ?? null,
    version_after: versions?.after ?? null,
    error:
      toRequestError(res.status, responseBody) ??
      toRequestError(unaltered?.status, unalteredBody) ??
      null,
    fault,
    warnings: warnings && warnings.length > 0 ? warnings : null,
    details: JSON.stringify(details),
  };
}

function toMessage(allHeaders: Headers, content: string | undefined, cut = false): RecordedMessage {
  const { headers, isCut } = recordedHeaders(allHeaders);
  const body = content ? recordedText(content, MAX_RECORDED_BODY_BYTES) : undefined;
  return {
    headers,
    ...(body && { body: body.text }),
    ...((cut || isCut || body?.isCut) && { cut: true }),
  };
}

type Ids = Pick<NewRequest, "order_id" | "partner_order_id" | "partner_event_id">;

/** The order and event of a request, from the request, its response, or the route. */
function toIds(c: Context<AppEnv>, sent: string, response: string): Ids {
  const { path, method } = c.req;
  const inRequest = idsOf(path, objectIn(sent), c.req.query());
  // A list's page has many orders, and is about none of them.
  const isResponseRead = inRequest.order_id === undefined && method === "POST";
  const inResponse = isResponseRead ? idsOf(path, objectIn(response), {}) : {};
  // A new order's ID is in its response. If the response is an error, there is no order.
  const ofRoute = method === "POST" ? undefined : c.get("orderId");
  return {
    order_id: toId(inRequest.order_id ?? inResponse.order_id ?? ofRoute),
    partner_order_id: toId(inRequest.partner_order_id ?? inResponse.partner_order_id),
    partner_event_id: toId(inRequest.partner_event_id ?? inResponse.partner_event_id),
  };
}

const MAX_ID_CHARACTERS = 255;

/** IDs that are too long to be valid are not stored. */
function toId(content: string | undefined): string | null {
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

/** The error in a response's envelope. */
function toRequestError(
  status: number | undefined,
  body: string | undefined,
): RequestError | undefined {
  if (status === undefined || status < 400 || !body) return undefined;
  const { error } = objectIn(body) as { error?: Partial<RequestError> };
  if (error?.type === undefined) return undefined;
  const { type, message = "", param } = error;
  return { type, message: maskKeys(message), ...(param !== undefined && { param }) };
}
