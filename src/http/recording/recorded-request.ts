import type { Context } from "hono";
import { FAULTS, type AppliedFault } from "../../domain/faults.ts";
import { maskKeys, recordedHeaders, recordedText } from "../../domain/recorded-text.ts";
import {
  MAX_RECORDED_BODY_BYTES,
  MAX_RECORDED_TEXT_BYTES,
  MAX_RECORDED_URL_BYTES,
  type NewRequest,
  type RecordedMessage,
  type RequestContent,
  type RequestDetails,
  type RequestError,
} from "../../domain/requests.ts";
import { ORDER_EVENT_TYPES } from "../../domain/order-events.ts";
import { TRANSACTION_STATUSES } from "../../domain/transactions.ts";
import { idsOf, type RequestIds } from "../../domain/request-subject.ts";
import type { AppEnv } from "../context.ts";
import { objectIn, type RecordedBody } from "./recorded-body.ts";
import { toTrace } from "./recorded-trace.ts";

/** The bodies of a request and its response. */
export interface Exchange {
  ms: number;
  requestBody: RecordedBody;
  responseBody: string | undefined;
  /** The response's body before a fault replaced it. */
  unalteredBody: string | undefined;
}

/** The record of a request and its response. */
export function toNewRequest(c: Context<AppEnv>, exchange: Exchange): NewRequest {
  const { ms, requestBody: body, responseBody, unalteredBody } = exchange;
  const { res } = c;
  const fault = c.get("fault") ?? null;
  const unaltered = c.get("unalteredResponse");
  const isLost = c.get("isResponseLost") === true;
  const versions = c.get("versions");
  const warnings = c.get("warnings");
  const url = recordedText(encodeRaw(c.req.url), MAX_RECORDED_URL_BYTES);
  const result = objectIn((unaltered?.ok ? unalteredBody : responseBody) ?? "");
  const request = toMessage(c.req.raw.headers, body.text, url.isCut || body.isIncomplete);
  const details: RequestDetails = {
    url: url.text,
    query: url.text.includes("?") ? url.text.slice(url.text.indexOf("?") + 1) : "",
    request: request.message,
    ...(!isLost && { response: toMessage(res.headers, responseBody, isCut(fault)).message }),
    ...(unaltered && {
      unaltered_response: {
        status: unaltered.status,
        ...toMessage(unaltered.headers, unalteredBody).message,
      },
    }),
    cost: c.get("db").cost,
    is_exact: request.isExact && body.isExact && !url.isMasked,
  };
  return {
    request_id: c.get("requestId"),
    at: new Date(c.get("receivedAt")).toISOString(),
    method: c.req.method,
    path: toText(pathOf(url.text)),
    status: isLost ? null : res.status,
    ms,
    ...toIds(c, body, result),
    version_before: versions?.before ?? null,
    version_after: versions?.after ?? null,
    error:
      toRequestError(res.status, responseBody) ??
      toRequestError(unaltered?.status, unalteredBody) ??
      null,
    fault,
    warnings: warnings && warnings.length > 0 ? warnings : null,
    content: toContent(body.fields, result),
    replayed: (unaltered ?? res).headers.has("Idempotent-Replayed") || null,
    trace: toTrace(c, body, result),
    details: JSON.stringify(details),
  };
}

/** Percent-encodes characters that a client sent raw. A terminal could interpret them. */
const encodeRaw = (url: string): string => url.replace(/[^!-~]+/gu, encodeURIComponent);

/** The path of a URL as it was sent. `new URL` would resolve its dot segments. */
const pathOf = (url: string): string => url.replace(/^[^/]*\/\/[^/?#]*|[?#].*/g, "");

const isCut = (fault: AppliedFault | null): boolean =>
  fault !== null && FAULTS[fault.fault].delivers === "part";

/** The stored form of a message, and whether it is exactly the message that was sent. */
function toMessage(
  allHeaders: Headers,
  content: string | undefined,
  isIncomplete = false,
): { message: RecordedMessage; isExact: boolean } {
  const headers = recordedHeaders(allHeaders);
  const body = content ? recordedText(content, MAX_RECORDED_BODY_BYTES) : undefined;
  const cut = isIncomplete || headers.isCut || body?.isCut === true;
  return {
    message: {
      headers: headers.headers,
      ...(body && { body: body.text }),
      ...(cut && { cut }),
    },
    isExact: !cut && !headers.isMasked && !body?.isMasked,
  };
}

/** The fields that a list shows, without invalid ones. Takes a missing currency from the response. */
function toContent(
  sent: Record<string, unknown>,
  response: Record<string, unknown>,
): RequestContent | null {
  const { type, status, amount = sent["total_order_amount"] } = sent;
  const { currency = response["currency"] } = sent;
  const event_type = ORDER_EVENT_TYPES.find((each) => each === type);
  const card_status = TRANSACTION_STATUSES.find((each) => each === status);
  const kind = { ...(event_type && { event_type }), ...(card_status && { card_status }) };
  if (!Number.isSafeInteger(amount)) return event_type || card_status ? kind : null;
  return {
    ...kind,
    amount: amount as number,
    ...(typeof currency === "string" && currency.length === CURRENCY_CHARACTERS && { currency }),
  };
}

const CURRENCY_CHARACTERS = 3;

type Ids = Pick<NewRequest, keyof RequestIds>;

/** The order and event of a request, from the request, its response, or the route. */
function toIds(
  c: Context<AppEnv>,
  { ids: inRequest }: RecordedBody,
  response: Record<string, unknown>,
): Ids {
  const { path, method } = c.req;
  // Only a POST's response is searched. A GET's may list many orders, and the routes of PUT and DELETE set the order.
  const inResponse = method === "POST" ? idsOf(path, response, {}) : {};
  // A POST may generate the order's ID before it is rejected: then no such order exists.
  const ofRoute = method === "POST" ? {} : { order_id: c.get("orderId") };
  const network_transaction_id = c.get("networkTransactionId");
  const ids = { network_transaction_id, ...ofRoute, ...inResponse, ...inRequest };
  return {
    order_id: toId(ids.order_id),
    partner_order_id: toId(ids.partner_order_id),
    order_event_id: toId(ids.order_event_id),
    partner_event_id: toId(ids.partner_event_id),
    network_transaction_id: toId(ids.network_transaction_id),
  };
}

const MAX_ID_CHARACTERS = 255;

/** IDs that are too long to be valid are not stored. */
function toId(content: string | undefined): string | null {
  return content !== undefined && content.length <= MAX_ID_CHARACTERS ? maskKeys(content) : null;
}

/** The error of a response, in the envelope or in the published bare form. */
function toRequestError(
  status: number | undefined,
  body: string | undefined,
): RequestError | undefined {
  if (status === undefined || status < 400 || !body) return undefined;
  const content = objectIn(body);
  const { type, message = "", param } = (content["error"] ?? content) as Partial<RequestError>;
  if (type === undefined) return undefined;
  return {
    type,
    message: toText(message),
    ...(param !== undefined && { param: toText(param) }),
  };
}

const toText = (text: string): string => recordedText(text, MAX_RECORDED_TEXT_BYTES).text;
