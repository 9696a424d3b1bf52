import { describeRoute, resolver } from "hono-openapi";
import type * as z from "zod";
import { bareError, errorEnvelope, type ErrorType } from "../schemas/errors.ts";
import {
  HEADERS_OF_STATUS,
  HEADERS_ON_EVERY_RESPONSE,
  type ResponseHeader,
} from "../schemas/response-headers.ts";
import { operationExamples, sharedExamples, type OperationExamples } from "./examples.ts";
import {
  ERRORS_OF_CALLER,
  FAULT_HEADER_ERRORS,
  groupByStatus,
  PUBLISHED_ERROR_STATUSES,
  type Caller,
} from "./operation-errors.ts";

/** For each tag, the headers that the responses of its operations may have. */
const HEADERS_OF_TAG = {
  Orders: ["Sandbox-Fault-Applied", "Sandbox-Warnings"],
  "Order Events": ["Sandbox-Fault-Applied", "Sandbox-Warnings"],
  Transactions: ["Sandbox-Fault-Applied", "Sandbox-Warnings"],
  Keys: ["Sandbox-Fault-Applied"],
  Sandbox: [],
} as const satisfies Record<string, ResponseHeader[]>;

/** The description of an operation, in addition to its validators. */
interface Operation {
  operationId: string;
  tag: keyof typeof HEADERS_OF_TAG;
  summary: string;
  description: string;
  /** The responses to a successful request, by status. */
  responses: Record<number, OperationResponse>;
  /** The headers that any of its responses may have, beyond those of its tag. */
  headers?: ResponseHeader[];
  /** The errors of this operation, beyond those of all operations for the same kind of caller. */
  errors: ErrorType[];
  /** The statuses whose errors have the published bare form, without the envelope. */
  bareErrors?: number[];
  /** Left out if a partner's key is needed; empty if no key is needed. */
  security?: Record<string, string[]>[];
}

interface OperationResponse {
  description: string;
  /** Left out if there is no body. */
  schema?: z.ZodType;
  mediaType?: string;
  headers?: ResponseHeader[];
}

/** Describes a route for the OpenAPI document, with its recorded examples. */
export function describeOperation({
  tag,
  responses,
  errors,
  headers: ownHeaders = [],
  bareErrors = [],
  ...operation
}: Operation) {
  const examples = operationExamples[operation.operationId];
  // Faults can be injected into operations under /v2. Every other operation has the tag Sandbox.
  const canFault = tag !== "Sandbox";
  const headers = [...HEADERS_ON_EVERY_RESPONSE, ...HEADERS_OF_TAG[tag], ...ownHeaders];
  const errorsByStatus = groupByStatus([
    ...errors,
    ...ERRORS_OF_CALLER[callerOf(operation.security)],
    ...(canFault ? FAULT_HEADER_ERRORS : []),
  ]);
  return describeRoute({
    ...operation,
    tags: [tag],
    responses: Object.fromEntries([
      ...Object.entries(responses).map(([status, response]) => [
        status,
        resultResponse(response, headers, examples?.[status]),
      ]),
      ...[...errorsByStatus].map(([status, types]) => [
        status,
        errorResponse(status, types, bareErrors.includes(status), headers, examples),
      ]),
    ]),
  });
}

function callerOf(security: Operation["security"]): Caller {
  if (!security) return "partner";
  return security.length > 0 ? "operator" : "anyone";
}

function resultResponse(
  { description, schema, mediaType = "application/json", headers = [] }: OperationResponse,
  commonHeaders: ResponseHeader[],
  example: unknown,
) {
  const content = schema && { [mediaType]: { schema: resolver(schema), example } };
  return {
    description,
    headers: headerReferences([...commonHeaders, ...headers]),
    ...(content && { content }),
  };
}

function errorResponse(
  status: number,
  types: ErrorType[],
  isBare: boolean,
  commonHeaders: ResponseHeader[],
  examples: OperationExamples = {},
) {
  const header = HEADERS_OF_STATUS[status];
  const note = PUBLISHED_ERROR_STATUSES.has(status) ? "" : ". Not in production";
  return {
    description: types.map((type) => `\`${type}\``).join(", ") + note,
    headers: headerReferences([...commonHeaders, ...(header ? [header] : [])]),
    content: {
      "application/json": {
        schema: resolver(isBare ? bareError : errorEnvelope),
        examples: Object.fromEntries(
          types.map((type) => [type, errorExample(type, isBare, examples[type])]),
        ),
      },
    },
  };
}

function errorExample(type: ErrorType, isBare: boolean, recorded: unknown) {
  if (recorded) return { value: recorded };
  // The shared examples have the envelope.
  if (isBare) return { value: sharedExamples[type]?.value.error };
  return { $ref: `#/components/examples/${type}` };
}

function headerReferences(names: ResponseHeader[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
