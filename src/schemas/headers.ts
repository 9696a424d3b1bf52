import * as z from "zod";
import { IDEMPOTENCY_KEY_HOURS } from "../domain/idempotency.ts";
import { WARNING_MEANINGS } from "../domain/warning-meanings.ts";
import { MAX_WARNINGS } from "../domain/warnings.ts";
import { id } from "./fields.ts";

const TIMING_PATTERN = '^d1;desc="queries=\\d+ rows_read=\\d+ rows_written=\\d+"$';
const REQUEST_ID_EXAMPLE = "5e3caf25-6a5e-4fad-b436-45abb9f3c420";

/** A header as OpenAPI describes it. */
interface HeaderObject {
  description: string;
  schema: {
    type: "string" | "integer";
    pattern?: string;
    enum?: string[];
    examples?: (string | number)[];
  };
}

/** The header that every request may have. */
export const requestIdParameter = {
  in: "header",
  name: "X-Request-Id",
  description:
    "A name for the request, which the answer and the log repeat. Left out: a UUID is made. Not in production",
  schema: { type: "string", pattern: "^[\\w\\-=]{1,255}$", examples: [REQUEST_ID_EXAMPLE] },
} as const;

/** The header that makes something happen to a request under /v2. */
export const faultParameter = {
  in: "header",
  name: "Sandbox-Fault",
  description:
    "A fault that acts on this request alone, as `POST /sandbox/faults` has them; of a `delay` with its milliseconds, as `delay;ms=3000` (an Item of RFC 9651). It goes before the environment's faults, and uses none of them up. Not in production",
  schema: { type: "string", examples: ["lost_response"] },
} as const;

/** The headers of answers. Production has none of them, so none is required. */
export const answerHeaders = {
  "X-Request-Id": {
    description:
      "The request's name: what it sent, or a UUID. The log finds the request by it. Not in production",
    schema: { type: "string", examples: [REQUEST_ID_EXAMPLE] },
  },
  "Server-Timing": {
    description:
      "What the request cost in D1: round trips, rows read, and rows written. Not in production",
    schema: {
      type: "string",
      pattern: TIMING_PATTERN,
      examples: ['d1;desc="queries=1 rows_read=3 rows_written=0"'],
    },
  },
  "Sandbox-Fault-Applied": {
    description:
      "The fault that acted on the request, with its id where it was one of the environment's (an Item of RFC 9651). Not in production",
    schema: {
      type: "string",
      pattern: '^[a-z_]+(;id="[^"]+")?$',
      examples: ['delay;id="0a7e2b9c-5d0e-4a53-9f5f-2f1c8c0b6a11"'],
    },
  },
  ETag: {
    description: "The order's version, for If-Match. Not in production",
    schema: { type: "string", pattern: '^"\\d+"$', examples: ['"1"'] },
  },
  "Sandbox-Warnings": {
    description: [
      `Possible mistakes in a request that production would accept: a list (RFC 9651) of at most ${MAX_WARNINGS} codes. \`param\` names the field, parameter or header.`,
      ...Object.entries(WARNING_MEANINGS).map(([code, meaning]) => `- \`${code}\`: ${meaning}`),
      "",
      "Not in production",
    ].join("\n"),
    schema: {
      type: "string",
      examples: ['unknown_field;param="reward_amount";did_you_mean="rewards_amount"'],
    },
  },
  "Idempotent-Replayed": {
    description: "`true` where the answer repeats an earlier one. Not in production",
    schema: { type: "string", enum: ["true"] },
  },
  "Retry-After": {
    description: "How many seconds to wait before the request is sent again. Not in production",
    schema: { type: "integer", examples: [1] },
  },
  "WWW-Authenticate": {
    description: "The scheme to authenticate with (RFC 9110, 11.6.1). Not in production",
    schema: { type: "string", examples: ['Bearer realm="orders-sandbox"'] },
  },
} satisfies Record<string, HeaderObject>;

export type AnswerHeader = keyof typeof answerHeaders;

/** The headers of a POST. */
export const postHeaders = z.object({
  "Idempotency-Key": id.optional().meta({
    description: `Makes the request safe to repeat: with the same key it takes effect once, and is answered the same. Remembered for ${IDEMPOTENCY_KEY_HOURS} hours. Not in production`,
    examples: ["4f6f8a3e-0c3a-4c3f-9a39-6a1f3a0b7d51"],
  }),
});

/** A list of entity tags, or any (RFC 9110, 13.1.1). */
const ENTITY_TAGS = /^\s*(\*|(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*)\s*$/;

/** The headers of a change to an order that there is. */
export const changeHeaders = z.object({
  "If-Match": z
    .string()
    .regex(ENTITY_TAGS, { error: "Expected an ETag in double quotes, as it came, or *" })
    .optional()
    .meta({
      description: "The ETag that the order must still have. Not in production",
      examples: ['"1"'],
    }),
});
