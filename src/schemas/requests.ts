import * as z from "zod";
import { FAULT_NAMES } from "../domain/faults.ts";
import { MAX_RECORDED_BODY_BYTES, type RequestFilter } from "../domain/requests.ts";
import { WARNINGS } from "../domain/warnings.ts";
import { id, reference, timestamp } from "./fields.ts";
import { limit, listOf } from "./pages.ts";
import type { FieldSchemas } from "./field-schemas.ts";

const recordedId = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, { error: "Expected the id of a recorded request, which is digits" })
  .meta({
    description:
      "The recorded request's own id. Not `request_id`, which the client may have chosen",
    examples: ["1763984420123000"],
  });

const fields = {
  id: recordedId,
  request_id: z.string().meta({
    description: "What the answer's `X-Request-Id` was",
    examples: ["5e3caf25-6a5e-4fad-b436-45abb9f3c420"],
  }),
  at: z.string().meta({
    format: "date-time",
    description: "When it came (RFC 3339, with milliseconds)",
    examples: ["2026-01-15T09:30:00.123Z"],
  }),
  method: z.string().meta({ description: "The method", examples: ["POST"] }),
  path: z.string().meta({
    description: "The path, without its query",
    examples: ["/v2/order_events"],
  }),
  status: z
    .int()
    .nullable()
    .meta({
      description: "The status of the answer; null where a fault let none go out",
      examples: [409],
    }),
  ms: z.int().meta({ description: "How long it took, in milliseconds", examples: [4] }),
  order_id: z
    .string()
    .optional()
    .meta({ description: "The order that it was about", examples: ["order-1"] }),
  partner_order_id: z
    .string()
    .optional()
    .meta({ description: "The order's id in the partner's own system", examples: ["po-1"] }),
  partner_event_id: z
    .string()
    .optional()
    .meta({ description: "The event's id in the partner's own system", examples: ["pe-1"] }),
  error: z
    .object({ type: z.string(), message: z.string(), param: z.string().optional() })
    .optional()
    .meta({ description: "The error that was answered, or would have been without the fault" }),
  fault: z
    .object({
      id: z.string().optional().meta({ description: "Left out for the header's" }),
      fault: z.enum(FAULT_NAMES),
      delay_ms: z.int(),
    })
    .optional()
    .meta({ description: "The fault that acted on it" }),
  warnings: z
    .array(
      z.object({
        code: z.enum(WARNINGS),
        param: z.string().optional(),
        did_you_mean: z.string().optional(),
        card: z.union([z.string(), z.int()]).optional(),
        reported: z.union([z.string(), z.int()]).optional(),
      }),
    )
    .optional()
    .meta({ description: "What deserved a look" }),
};

/** A request as the list has it, and the stream. */
export const recordedRequest = z.object(fields).meta({ id: "RecordedRequest" });

export const requestList = listOf(recordedRequest, "RequestList");

const message = {
  headers: z.record(z.string(), z.string()).meta({
    description: "Without those that carry a key, a cookie or an address",
  }),
  body: z
    .string()
    .optional()
    .meta({
      description: `At most ${MAX_RECORDED_BODY_BYTES} bytes of it, with keys masked; left out where there was none`,
    }),
  cut: z.literal(true).optional().meta({ description: "There where this is not all of the body" }),
};

export const requestDetails = z
  .object({
    ...fields,
    url: z.string().meta({ description: "The URL as it was called, with keys masked" }),
    query: z.string().meta({
      description: "The query as it was sent, without its question mark",
      examples: ["limit=5"],
    }),
    request: z.object(message),
    response: z
      .object(message)
      .optional()
      .meta({ description: "What went out; left out where nothing did" }),
    unaltered_response: z
      .object({ status: z.int(), ...message })
      .optional()
      .meta({ description: "What would have gone out, had the fault not altered it" }),
    cost: z
      .object({ queries: z.int(), rows_read: z.int(), rows_written: z.int() })
      .meta({ description: "What it cost in D1, as `Server-Timing` says it" }),
    version_before: z.int().optional().meta({
      description: "The order's version before a write; left out where there was no order",
    }),
    version_after: z
      .int()
      .optional()
      .meta({ description: "The order's version after a write; left out where there is no order" }),
    curl: z.string().optional().meta({
      description:
        "A command that sends it again, with the key in `SANDBOX_KEY`; left out where the body was cut",
    }),
  })
  .meta({ id: "RequestDetails" });

const filters = {
  method: z
    .string()
    .regex(/^[A-Za-z]{1,20}$/, { error: "Expected a method, like POST" })
    .optional()
    .meta({ description: "Only requests by this method", examples: ["POST"] }),
  path: z
    .string()
    .regex(/^\//, { error: "Expected a path, which begins with a slash" })
    .optional()
    .meta({
      description: "Only requests of this path, or with `*` at the end, of those that begin so",
      examples: ["/v2/orders*"],
    }),
  status: z
    .string()
    .regex(/^[1-5](\d\d|xx)$/, { error: "Expected a status like 409, or a class like 4xx" })
    .optional()
    .meta({ description: "Only requests that were answered so", examples: ["4xx"] }),
  order_id: id
    .optional()
    .meta({ description: "Only requests about this order", examples: ["order-1"] }),
  partner_order_id: reference.optional().meta({
    description: "Only requests about orders with this id in the partner's own system",
    examples: ["po-1"],
  }),
  partner_event_id: id.optional().meta({
    description: "Only requests about the event with this id in the partner's own system",
    examples: ["pe-1"],
  }),
  request_id: id.optional().meta({
    description: "Only requests whose answer's `X-Request-Id` was this",
    examples: ["5e3caf25-6a5e-4fad-b436-45abb9f3c420"],
  }),
  since: timestamp.optional().meta({
    description: "Only requests that came at this time or later (RFC 3339)",
    examples: ["2026-01-15T09:30:00Z"],
  }),
} satisfies FieldSchemas<RequestFilter>;

export const requestQuery = z.object({
  ...filters,
  limit: limit(),
  starting_after: recordedId
    .optional()
    .meta({ description: "The id of the last request of the page before" }),
});

export const streamQuery = z.object(filters);

export const streamHeaders = z.object({
  "Last-Event-ID": recordedId.optional().meta({
    description: "The id of the last event that came: the stream goes on after it",
  }),
});

export const requestPath = z.object({ id: recordedId });

export const eventStream = z.string().meta({
  description: "Server-sent events: `id` is the request's, `data` is a RecordedRequest as JSON",
});
