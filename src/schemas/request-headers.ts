import * as z from "zod";
import { visibleAscii } from "./fields.ts";

// The OpenAPI document has no parameters for headers, only prose: importers would fill them in with made-up values,
// and each of these headers changes the response.

/** The example of a request ID. */
export const REQUEST_ID_EXAMPLE = "5e3caf25-6a5e-4fad-b436-45abb9f3c420";

/** The header of the POSTs that can be retried safely. */
export const idempotencyHeaders = z.object({ "Idempotency-Key": visibleAscii.optional() });

/** A list of entity tags, or `*` (RFC 9110, 13.1.1). */
const ENTITY_TAGS = /^\s*(\*|(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*)\s*$/;

/** The header that makes a PUT or DELETE conditional on the order's version. */
export const conditionalHeaders = z.object({
  "If-Match": z
    .string()
    .regex(ENTITY_TAGS, { error: "Expected an ETag in double quotes, exactly as received, or *" })
    .optional(),
});
