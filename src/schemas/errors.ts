import * as z from "zod";
import type { REFUSAL_STATUSES } from "../domain/errors.ts";

interface ErrorDescription {
  status: number;
  /** When the API returns it, for the reference. */
  meaning: string;
  /** What the client should do about it, for the reference. */
  remedy: string;
}

/** Every type of error: its status, and its text in the reference. */
export const ERROR_TYPES = {
  INVALID_REQUEST_ERROR: {
    status: 400,
    meaning: "The body, a field, a parameter or a header is invalid.",
    remedy: "Correct the fields listed in `violations`. Don't retry unchanged.",
  },
  AUTHENTICATION_ERROR: {
    status: 401,
    meaning: "The API key is missing, unknown, deleted or expired.",
    remedy: "Send `Authorization: Bearer <key>` with a valid key.",
  },
  FORBIDDEN_ERROR: {
    status: 403,
    meaning: "The API key is valid, but not for this operation.",
    remedy: "Use a key of the partner's first environment.",
  },
  NOT_FOUND_ERROR: {
    status: 404,
    meaning: "The path doesn't exist.",
    remedy: "Check the path. `/openapi.json` lists all operations.",
  },
  ORDER_NOT_FOUND_ERROR: {
    status: 404,
    meaning: "No order in this environment has this ID.",
    remedy: "Check the ID, or create the order first.",
  },
  ORDER_EVENT_NOT_FOUND_ERROR: {
    status: 404,
    meaning: "No order event in this environment has this ID.",
    remedy: "Check the ID. The event may already be deleted.",
  },
  TRANSACTION_FOUND_ERROR: {
    status: 404,
    meaning:
      "No simulated transaction has this ID. The contract spells the type this way, without NOT.",
    remedy: "Check the ID, or simulate the transaction first.",
  },
  CUSTOMER_NOT_FOUND_ERROR: {
    status: 404,
    meaning: "No simulated transaction belongs to this customer.",
    remedy: "Check the ID, or simulate a transaction of the customer first.",
  },
  KEY_NOT_FOUND_ERROR: {
    status: 404,
    meaning: "No key of this environment has this ID.",
    remedy: "List the keys to get their IDs.",
  },
  PARTNER_NOT_FOUND_ERROR: {
    status: 404,
    meaning: "No partner has this ID.",
    remedy: "List the partners to get their IDs.",
  },
  ENVIRONMENT_NOT_FOUND_ERROR: {
    status: 404,
    meaning: "The partner has no environment with this ID, or it expired.",
    remedy: "List the environments, or create another one.",
  },
  FAULT_NOT_FOUND_ERROR: {
    status: 404,
    meaning: "The fault doesn't exist, was removed, or is used up.",
    remedy: "List the faults that are still active.",
  },
  REQUEST_NOT_FOUND_ERROR: {
    status: 404,
    meaning: "No recorded request has this ID, or it is no longer stored.",
    remedy: "List the recorded requests to get their IDs.",
  },
  WEBHOOK_NOT_FOUND_ERROR: {
    status: 404,
    meaning: "No webhook of this environment has this ID.",
    remedy: "List the webhooks to get their IDs.",
  },
  NOTIFICATION_NOT_FOUND_ERROR: {
    status: 404,
    meaning:
      "No notification has this ID, it is no longer stored, or it has no delivery with the `delivery_id`.",
    remedy: "List the notifications to get their IDs.",
  },
  METHOD_NOT_ALLOWED_ERROR: {
    status: 405,
    meaning: "The path exists, but doesn't support this method.",
    remedy: "Use a method from the `Allow` header.",
  },
  REQUEST_TIMEOUT_ERROR: {
    status: 408,
    meaning: "The body did not arrive within 30 seconds. The request was not executed.",
    remedy: "Send the request again, over a faster connection if this happens often.",
  },
  CONFLICT_ERROR: {
    status: 409,
    meaning:
      "The request contradicts stored data: a refund above the captured amount, an ID used with other content, or a limit that is reached.",
    remedy: "Compare the figures in `details` with your records. Don't retry unchanged.",
  },
  QUOTA_EXCEEDED_ERROR: {
    status: 409,
    meaning: "The partner has reached its quota of stored data.",
    remedy: "Delete data, or ask the operator for a higher quota.",
  },
  PRECONDITION_FAILED_ERROR: {
    status: 412,
    meaning: "The order no longer has the version in `If-Match`.",
    remedy: "Read the order again, and decide again with its new `ETag`.",
  },
  PAYLOAD_TOO_LARGE_ERROR: {
    status: 413,
    meaning: "The body exceeds the size limit.",
    remedy: "Send less in one request.",
  },
  UNSUPPORTED_MEDIA_TYPE_ERROR: {
    status: 415,
    meaning: "The body is not declared as JSON.",
    remedy: "Send `Content-Type: application/json`.",
  },
  IDEMPOTENCY_ERROR: {
    status: 422,
    meaning: "The `Idempotency-Key` was already used with a different request.",
    remedy: "Use a new key for each new request.",
  },
  RATE_LIMIT_ERROR: {
    status: 429,
    meaning: "The partner exceeded its rate limit.",
    remedy: "Wait for the seconds in `Retry-After`, then retry.",
  },
  INTERNAL_ERROR: {
    status: 500,
    meaning: "The sandbox has a bug. The request may have taken effect.",
    remedy: "Send the same request again, and report the `request_id`.",
  },
  SERVICE_UNAVAILABLE_ERROR: {
    status: 503,
    meaning: "The database is unreachable or busy. The request may have taken effect.",
    remedy: "Wait for the seconds in `Retry-After`, then send the same request again.",
  },
} as const satisfies Record<string, ErrorDescription> & {
  [Type in keyof typeof REFUSAL_STATUSES]: ErrorDescription & {
    status: (typeof REFUSAL_STATUSES)[Type];
  };
};

export type ErrorType = keyof typeof ERROR_TYPES;

/** The address of an error type in the reference. Scalar derives the anchor from the heading. */
export function docUrlOf(type: ErrorType, origin: string): string {
  return `${origin}/docs#description/${type.toLowerCase().replaceAll("_", "-")}`;
}

/** The published envelope, with four fields of ours: `violations`, `details`, `doc_url` and `request_id`. */
export const errorEnvelope = z
  .object({
    error: z.object({
      // A string and not an enum: production has types that the sandbox doesn't know.
      type: z.string().meta({
        description: "The type of error. It ends in `_ERROR`",
        examples: ["CONFLICT_ERROR" satisfies ErrorType],
      }),
      message: z.string().meta({ description: "What was expected, and what was received" }),
      param: z
        .string()
        .optional()
        .meta({ description: "The invalid field", examples: ["order_lines[0].quantity"] }),
      violations: z
        .array(z.object({ param: z.string(), message: z.string() }))
        .optional()
        .meta({ description: "Every invalid field of a 400, with the reason. Not in production" }),
      details: z
        .record(z.string(), z.unknown())
        .optional()
        .meta({
          description: "The figures that the decision was based on. Not in production",
          examples: [{ captured: 5000, refunded: 0, refundable: 5000, requested: 6000 }],
        }),
      doc_url: z
        .string()
        .optional()
        .meta({ description: "The error type in the reference. Not in production" }),
      request_id: z
        .string()
        .optional()
        .meta({ description: "The same as `X-Request-Id`. Not in production" }),
    }),
  })
  .meta({ id: "Error" });

/** The contract's form for some errors of the card side. `doc_url` and `request_id` are ours. */
export const bareError = z
  .looseObject({
    type: errorEnvelope.shape.error.shape.type,
    message: errorEnvelope.shape.error.shape.message,
    param: errorEnvelope.shape.error.shape.param,
    doc_url: errorEnvelope.shape.error.shape.doc_url,
    request_id: errorEnvelope.shape.error.shape.request_id,
  })
  .meta({ id: "BareError" });

export type ErrorEnvelope = z.infer<typeof errorEnvelope>;
