import { z } from "zod";
import { id } from "./fields.ts";

/** The form of D1's bookmarks. */
export const BOOKMARK_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

/** The headers of a read. */
export const readHeaders = z.object({
  "X-D1-Bookmark": z
    .string()
    .regex(BOOKMARK_PATTERN, { error: "Expected the X-D1-Bookmark of an earlier answer" })
    .optional()
    .meta({
      description:
        "From an earlier answer: lets the nearest replica answer that is as new as that. Left out: as new as the last write",
    }),
});

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
