import { WARNING_MEANINGS } from "../domain/warning-meanings.ts";
import { MAX_WARNINGS } from "../domain/warnings.ts";
import { REQUEST_ID_EXAMPLE } from "./request-headers.ts";

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

const TIMING_PATTERN = '^d1;desc="queries=\\d+ rows_read=\\d+ rows_written=\\d+"$';

/** The headers of every response. */
const everyResponse = {
  "X-Request-Id": {
    description:
      "The ID of the request: the one it sent, or a UUID. Use it to find the request in the log. Not in production",
    schema: { type: "string", examples: [REQUEST_ID_EXAMPLE] },
  },
  "Server-Timing": {
    description:
      "What the request cost in the database: round trips, rows read and rows written. Not in production",
    schema: {
      type: "string",
      pattern: TIMING_PATTERN,
      examples: ['d1;desc="queries=1 rows_read=3 rows_written=0"'],
    },
  },
} satisfies Record<string, HeaderObject>;

/** The headers of some responses. */
const someResponses = {
  "Sandbox-Fault-Applied": {
    description:
      "The fault that was injected into the request, as an Item of RFC 9651, with its `id` if it is one of the environment's faults. Not in production",
    schema: {
      type: "string",
      pattern: '^[a-z_]+(;id="[^"]+")?$',
      examples: ['delay;id="0a7e2b9c-5d0e-4a53-9f5f-2f1c8c0b6a11"'],
    },
  },
  ETag: {
    description: "The order's version, for `If-Match`. Not in production",
    schema: { type: "string", pattern: '^"\\d+"$', examples: ['"1"'] },
  },
  "Sandbox-Warnings": {
    description: [
      `Possible mistakes in the request, although production would accept it: a list (RFC 9651) of at most ${MAX_WARNINGS} codes. \`param\` names the field, parameter or header, and \`did_you_mean\` the name that was probably meant.`,
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
    description: "`true` if the response repeats an earlier one. Not in production",
    schema: { type: "string", enum: ["true"] },
  },
  "Retry-After": {
    description: "The number of seconds to wait before a retry. Not in production",
    schema: { type: "integer", examples: [1] },
  },
  "WWW-Authenticate": {
    description: "The authentication scheme to use (RFC 9110, 11.6.1). Not in production",
    schema: { type: "string", examples: ['Bearer realm="orders-sandbox"'] },
  },
} satisfies Record<string, HeaderObject>;

/** All headers of responses. Production has none of them, so the document requires none. */
export const responseHeaders = { ...everyResponse, ...someResponses };

export type ResponseHeader = keyof typeof responseHeaders;
export type HeaderOfEveryResponse = keyof typeof everyResponse;

export const HEADERS_ON_EVERY_RESPONSE = Object.keys(everyResponse) as ResponseHeader[];

/** The headers that come with every error of a status. */
export const HEADERS_OF_STATUS: Partial<Record<number, ResponseHeader>> = {
  401: "WWW-Authenticate",
  429: "Retry-After",
  503: "Retry-After",
};
