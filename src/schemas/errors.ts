import * as z from "zod";
import type { RefusalType } from "../domain/decision.ts";

/** Every type of error and its status: the one table of both. */
export const STATUS = {
  INVALID_REQUEST_ERROR: 400,
  AUTHENTICATION_ERROR: 401,
  FORBIDDEN_ERROR: 403,
  NOT_FOUND_ERROR: 404,
  ORDER_NOT_FOUND_ERROR: 404,
  ORDER_EVENT_NOT_FOUND_ERROR: 404,
  KEY_NOT_FOUND_ERROR: 404,
  PARTNER_NOT_FOUND_ERROR: 404,
  ENVIRONMENT_NOT_FOUND_ERROR: 404,
  FAULT_NOT_FOUND_ERROR: 404,
  REQUEST_NOT_FOUND_ERROR: 404,
  METHOD_NOT_ALLOWED_ERROR: 405,
  CONFLICT_ERROR: 409,
  QUOTA_EXCEEDED_ERROR: 409,
  PRECONDITION_FAILED_ERROR: 412,
  PAYLOAD_TOO_LARGE_ERROR: 413,
  UNSUPPORTED_MEDIA_TYPE_ERROR: 415,
  IDEMPOTENCY_ERROR: 422,
  RATE_LIMIT_ERROR: 429,
  INTERNAL_ERROR: 500,
  SERVICE_UNAVAILABLE_ERROR: 503,
} as const satisfies Record<RefusalType, number> & Record<string, number>;

export type ErrorType = keyof typeof STATUS;

/** The published envelope, and within it what we add: `details` and `request_id`. */
export const errorEnvelope = z
  .object({
    error: z.object({
      // Any text for a client: production has types that this sandbox doesn't know.
      type: z.string().meta({
        description: "Which kind of error; it ends in `_ERROR`",
        examples: ["CONFLICT_ERROR" satisfies ErrorType],
      }),
      message: z.string().meta({ description: "What was expected, and what came" }),
      param: z
        .string()
        .optional()
        .meta({ description: "The field at fault", examples: ["order_lines[0].quantity"] }),
      details: z
        .union([
          z.array(z.object({ param: z.string(), message: z.string() })),
          z.record(z.string(), z.unknown()),
        ])
        .optional()
        .meta({
          description: "All violations, or the figures that it was decided on. Not in production",
        }),
      request_id: z
        .string()
        .optional()
        .meta({ description: "The same as `X-Request-Id`. Not in production" }),
    }),
  })
  .meta({ id: "Error" });

export type ErrorEnvelope = z.infer<typeof errorEnvelope>;
