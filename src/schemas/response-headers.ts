import { WARNING_MEANINGS } from "../domain/warning-meanings.ts";
import { MAX_WARNINGS } from "../domain/warnings.ts";
import { REQUEST_ID_EXAMPLE } from "./request-headers.ts";

const TIMING_PATTERN = '^d1;desc="queries=\\d+ rows_read=\\d+ rows_written=\\d+"$';

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

/** The headers of answers. Production has none of them, so none is required. */
export const responseHeaders = {
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

export type ResponseHeader = keyof typeof responseHeaders;
