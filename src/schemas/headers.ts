import { z } from "zod";
import { id } from "./fields.ts";

/** The headers of a POST. */
export const postHeaders = z.object({
  "Idempotency-Key": id.optional().meta({
    description:
      "Makes the request safe to repeat: with the same key it takes effect once, and is answered the same. Kept for 24 hours",
    example: "4f6f8a3e-0c3a-4c3f-9a39-6a1f3a0b7d51",
  }),
});

/** The headers of a change to an order that there is. */
export const changeHeaders = z.object({
  "If-Match": z
    .string()
    .optional()
    .meta({ description: "The ETag that the order must still have", example: '"1"' }),
});
