import * as z from "zod";
import { IDEMPOTENCY_KEY_HOURS } from "../domain/idempotency.ts";
import { id } from "./fields.ts";

/** The example of a request id, here and in responses. */
export const REQUEST_ID_EXAMPLE = "5e3caf25-6a5e-4fad-b436-45abb9f3c420";

/** A header that any request may send. Middleware reads it, so no zod schema validates it. */
export const requestIdParameter = {
  in: "header",
  name: "X-Request-Id",
  description:
    "Your ID for the request. The response and the log repeat it. If omitted, the sandbox generates a UUID. Not in production",
  schema: { type: "string", pattern: "^[\\w\\-=]{1,255}$", examples: [REQUEST_ID_EXAMPLE] },
} as const;

/** A header that any request under `/v2` may send. Middleware reads it. */
export const faultParameter = {
  in: "header",
  name: "Sandbox-Fault",
  description:
    "Injects a fault into this request only, with a name from `POST /sandbox/faults`. A `delay` needs its milliseconds: `delay;ms=3000` (an Item of RFC 9651). Takes precedence over the environment's faults and doesn't count as one of their uses. Not in production",
  schema: { type: "string", examples: ["lost_response"] },
} as const;

/** The header of the POSTs that can be retried safely. */
export const idempotencyHeaders = z.object({
  "Idempotency-Key": id.optional().meta({
    description: `Makes the request safe to retry: repeating it with the same key within ${IDEMPOTENCY_KEY_HOURS} hours returns the first response and has no further effect. Not in production`,
    examples: ["4f6f8a3e-0c3a-4c3f-9a39-6a1f3a0b7d51"],
  }),
});

/** A list of entity tags, or `*` (RFC 9110, 13.1.1). */
const ENTITY_TAGS = /^\s*(\*|(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*)\s*$/;

/** The header that makes a PUT or DELETE conditional on the order's version. */
export const conditionalHeaders = z.object({
  "If-Match": z
    .string()
    .regex(ENTITY_TAGS, { error: "Expected an ETag in double quotes, exactly as received, or *" })
    .optional()
    .meta({
      description:
        "Executes the request only if the order still has this `ETag`; otherwise the response is a 412. Not in production",
      examples: ['"1"'],
    }),
});
