import { describeRoute, resolver } from "hono-openapi";
import type * as z from "zod";
import { errorEnvelope, STATUS, type ErrorType } from "../schemas/errors.ts";
import { faultParameter, requestIdParameter } from "../schemas/request-headers.ts";
import { responseHeaders, type ResponseHeader } from "../schemas/response-headers.ts";
import recorded from "../generated/examples.json" with { type: "json" };

/** What can go wrong on every route: for everybody, for the operator, and for a partner. */
const FOR_ALL: ErrorType[] = ["INTERNAL_ERROR"];
const FOR_OPERATOR: ErrorType[] = [
  ...FOR_ALL,
  "AUTHENTICATION_ERROR",
  "NOT_FOUND_ERROR",
  "SERVICE_UNAVAILABLE_ERROR",
];
const FOR_PARTNER: ErrorType[] = [
  ...FOR_ALL,
  "AUTHENTICATION_ERROR",
  "RATE_LIMIT_ERROR",
  "SERVICE_UNAVAILABLE_ERROR",
];

/** What can go wrong with a body. */
export const BODY_ERRORS: ErrorType[] = [
  "INVALID_REQUEST_ERROR",
  "PAYLOAD_TOO_LARGE_ERROR",
  "UNSUPPORTED_MEDIA_TYPE_ERROR",
];

export const HEADERS_ON_EVERY_RESPONSE: ResponseHeader[] = ["X-Request-Id", "Server-Timing"];

/** What an answer may have beside, where there are fields or parameters to get wrong. */
const ON_ANSWERS_OF: Record<string, ResponseHeader[] | undefined> = {
  Orders: ["Sandbox-Warnings"],
  "Order Events": ["Sandbox-Warnings"],
};

/** Whatever is not the sandbox's own, faults act on: a fault has a header of its own, and a bad one is refused. */
const ON_FAULTY_ANSWERS: ResponseHeader[] = ["Sandbox-Fault-Applied"];
const FOR_FAULTY: ErrorType[] = ["INVALID_REQUEST_ERROR"];

/** The statuses of errors that Imprint publishes. */
const PUBLISHED_STATUSES = new Set([400, 401, 403, 404, 409]);

/** The headers that an error's status brings along. */
export const ERROR_HEADERS: Partial<Record<number, ResponseHeader>> = {
  401: "WWW-Authenticate",
  429: "Retry-After",
  503: "Retry-After",
};

/** Real requests and answers, as a test records them: by operation, or under `anywhere` where they don't depend on it. */
export const examples: Record<string, Examples | undefined> = recorded;

/** What was sent, as `request`, and what was answered to it, by status or type of error. */
type Examples = Record<string, unknown>;

/** What the document says of an operation beyond what its validators say. */
interface Operation {
  operationId: string;
  tag: string;
  summary: string;
  description: string;
  /** The answers that are its result, by status. */
  responses: Record<number, OperationResponse>;
  /** What can go wrong with it, beside what can go wrong everywhere. */
  errors: ErrorType[];
  /** Who may call it, where that is not a partner; empty: everybody. */
  security?: Record<string, string[]>[];
}

interface OperationResponse {
  description: string;
  /** Left out where there is no body. */
  schema?: z.ZodType;
  /** Of the body, where it is not JSON. */
  mediaType?: string;
  headers?: ResponseHeader[];
}

/** Describes a route for the OpenAPI document, with the examples that were recorded of it. */
export function describeOperation({ tag, responses, errors, ...operation }: Operation) {
  const { operationId } = operation;
  const { security } = operation;
  const everywhere = !security ? FOR_PARTNER : security.length > 0 ? FOR_OPERATOR : FOR_ALL;
  const isFaulty = tag !== "Sandbox";
  const types = new Set([...errors, ...everywhere, ...(isFaulty ? FOR_FAULTY : [])]);
  const byStatus = Map.groupBy(types, (type) => STATUS[type]);
  const everyHeader = [
    ...HEADERS_ON_EVERY_RESPONSE,
    ...(isFaulty ? ON_FAULTY_ANSWERS : []),
    ...(ON_ANSWERS_OF[tag] ?? []),
  ];
  return describeRoute({
    ...operation,
    tags: [tag],
    parameters: [{ ...requestIdParameter }, ...(isFaulty ? [{ ...faultParameter }] : [])],
    responses: Object.fromEntries([
      ...Object.entries(responses).map(([status, response]) => [
        status,
        resultResponse(response, everyHeader, examples[operationId]?.[status]),
      ]),
      ...[...byStatus].map(([status, ofStatus]) => [
        status,
        errorResponse(status, ofStatus, everyHeader, examples[operationId]),
      ]),
    ]),
  });
}

function resultResponse(
  { description, schema, mediaType = "application/json", headers = [] }: OperationResponse,
  everyHeader: ResponseHeader[],
  example: unknown,
) {
  const content = schema && { [mediaType]: { schema: resolver(schema), example } };
  return {
    description,
    headers: headersOf([...everyHeader, ...headers]),
    ...(content && { content }),
  };
}

function errorResponse(
  status: number,
  types: ErrorType[],
  everyHeader: ResponseHeader[],
  ofOperation: Examples = {},
) {
  const header = ERROR_HEADERS[status];
  const note = PUBLISHED_STATUSES.has(status) ? "" : ". Not in production";
  return {
    description: types.map((type) => `\`${type}\``).join(", ") + note,
    headers: headersOf([...everyHeader, ...(header ? [header] : [])]),
    content: {
      "application/json": {
        schema: resolver(errorEnvelope),
        examples: Object.fromEntries(
          types.map((type) => {
            const value = ofOperation[type];
            return [type, value ? { value } : { $ref: `#/components/examples/${type}` }];
          }),
        ),
      },
    },
  };
}

function headersOf(names: ResponseHeader[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** What the operations refer to. */
export const components = {
  headers: responseHeaders,
  examples: Object.fromEntries(
    Object.entries(recorded.anywhere).map(([type, value]) => [type, { value }]),
  ),
};
