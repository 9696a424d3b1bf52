import * as z from "zod";

/** The published envelope, and within it what we add: `details` and `request_id`. */
export const errorEnvelope = z
  .object({
    error: z.object({
      type: z.string().meta({ description: "Which kind of error", example: "CONFLICT_ERROR" }),
      message: z.string().meta({ description: "What was expected and what came" }),
      param: z
        .string()
        .optional()
        .meta({ description: "The field at fault", example: "order_lines[0].quantity" }),
      details: z
        .union([
          z.array(z.object({ param: z.string(), message: z.string() })),
          z.record(z.string(), z.unknown()),
        ])
        .optional()
        .meta({ description: "All violations, or the figures that it was decided on" }),
      request_id: z.string().meta({ description: "What X-Request-Id says" }),
    }),
  })
  .meta({ id: "Error" });

export type ErrorEnvelope = z.infer<typeof errorEnvelope>;
