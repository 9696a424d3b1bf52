import * as z from "zod";

/** Every type of error, in the order of its status. */
export const ERROR_TYPES = [
  "INVALID_REQUEST_ERROR",
  "AUTHENTICATION_ERROR",
  "NOT_FOUND_ERROR",
  "ORDER_NOT_FOUND_ERROR",
  "ORDER_EVENT_NOT_FOUND_ERROR",
  "PARTNER_NOT_FOUND_ERROR",
  "METHOD_NOT_ALLOWED_ERROR",
  "CONFLICT_ERROR",
  "PRECONDITION_FAILED_ERROR",
  "PAYLOAD_TOO_LARGE_ERROR",
  "UNSUPPORTED_MEDIA_TYPE_ERROR",
  "IDEMPOTENCY_ERROR",
  "RATE_LIMIT_ERROR",
  "INTERNAL_ERROR",
  "SERVICE_UNAVAILABLE_ERROR",
] as const;

export type ErrorType = (typeof ERROR_TYPES)[number];

/** The published envelope, and within it what we add: `details` and `request_id`. */
export const errorEnvelope = z
  .object({
    error: z.object({
      type: z
        .enum(ERROR_TYPES)
        .meta({ description: "Which kind of error", examples: ["CONFLICT_ERROR"] }),
      message: z.string().meta({ description: "What was expected and what came" }),
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
      request_id: z.string().meta({ description: "What X-Request-Id says. Not in production" }),
    }),
  })
  .meta({ id: "Error" });

export type ErrorEnvelope = z.infer<typeof errorEnvelope>;
