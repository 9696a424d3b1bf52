import * as z from "zod";
import { FAULT_NAMES } from "../domain/faults.ts";
import {
  MAX_COUNTED_ORDERS,
  MAX_RECORDED_BODY_BYTES,
  MAX_RECORDED_HEADER_BYTES,
  MAX_RECORDED_URL_BYTES,
  type RequestCounts,
  type RequestFilter,
} from "../domain/requests.ts";
import { ORDER_EVENT_TYPES } from "../domain/order-events.ts";
import { TRANSACTION_STATUSES } from "../domain/transactions.ts";
import { WARNINGS, type Warning } from "../domain/warnings.ts";
import { id, reference, timestamp } from "./fields.ts";
import { limit, listOf } from "./pages.ts";
import type { SchemaPerField } from "./schema-per-field.ts";

const recordedId = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, { error: "Expected the numeric ID of a recorded request" })
  .meta({
    description: "The ID of the recorded request. `request_id` differs: the client may choose it",
    examples: ["1763984420123000"],
  });

const optionalText = (description: string, example: string) =>
  z
    .string()
    .optional()
    .meta({ description, examples: [example] });

const fields = {
  id: recordedId,
  request_id: z.string().meta({
    description: "The response's `X-Request-Id`",
    examples: ["5e3caf25-6a5e-4fad-b436-45abb9f3c420"],
  }),
  at: z.string().meta({
    format: "date-time",
    description: "When the request arrived (RFC 3339, with milliseconds)",
    examples: ["2026-01-15T09:30:00.123Z"],
  }),
  method: z.string().meta({ description: "The method", examples: ["POST"] }),
  path: z.string().meta({
    description: "The path as it was sent, percent-encoded, without the query",
    examples: ["/v2/order_events"],
  }),
  status: z
    .int()
    .nullable()
    .meta({
      description: "The status of the response; null if a fault kept the response from being sent",
      examples: [409],
    }),
  ms: z.int().meta({ description: "The duration in milliseconds", examples: [4] }),
  order_id: optionalText("The ID of the order", "order-1"),
  partner_order_id: optionalText("The order's ID in the partner's own system", "po-1"),
  order_event_id: optionalText("The ID of the event", "event-1"),
  partner_event_id: optionalText("The event's ID in the partner's own system", "pe-1"),
  network_transaction_id: optionalText(
    "The transaction's ID in the card network",
    "615e3ba0-6b99-495b-ade4-1f584c40f376",
  ),
  error: z
    .object({ type: z.string(), message: z.string(), param: z.string().optional() })
    .optional()
    .meta({ description: "The error in the response, or the one that a fault replaced" }),
  fault: z
    .object({
      id: z.string().optional().meta({ description: "Absent for a fault from the header" }),
      fault: z.enum(FAULT_NAMES),
      delay_ms: z.int(),
      status: z.int().optional(),
      retry_after: z.int().optional(),
    })
    .optional()
    .meta({ description: "The fault that applied to the request" }),
  warnings: z
    .array(
      z.object({
        code: z.enum(WARNINGS),
        param: z.string().optional(),
        did_you_mean: z.string().optional(),
        card: z.union([z.string(), z.int()]).optional(),
        reported: z.union([z.string(), z.int()]).optional(),
        captured: z.int().optional(),
        ordered: z.int().optional(),
      } satisfies SchemaPerField<Warning>),
    )
    .optional()
    .meta({ description: "Possible mistakes in the request" }),
  content: z
    .object({
      event_type: z.enum(ORDER_EVENT_TYPES).optional(),
      card_status: z
        .enum(TRANSACTION_STATUSES)
        .optional()
        .meta({ description: "The status of a simulated event on the card" }),
      amount: z.int().optional().meta({ description: "The event's amount, or the order's total" }),
      currency: z.string().optional(),
    })
    .optional()
    .meta({ description: "The type and amount of the order or event in the request's body" }),
  replayed: z
    .literal(true)
    .optional()
    .meta({ description: "Present if the response repeats an earlier one" }),
};

/** A request in the list and in the stream. */
export const recordedRequest = z.object(fields).meta({ id: "RecordedRequest" });

export const requestList = listOf(recordedRequest, "RequestList");

const message = {
  headers: z.record(z.string(), z.string()).meta({
    description: `The headers, except those with a key, a cookie or an address; at most ${MAX_RECORDED_HEADER_BYTES} bytes in total`,
  }),
  body: z
    .string()
    .optional()
    .meta({
      description: `The body, with keys masked, at most ${MAX_RECORDED_BODY_BYTES} bytes of it; absent without a body`,
    }),
  cut: z.literal(true).optional().meta({
    description: "Present if a part of the headers or body, or of the request's URL, is missing",
  }),
};

export const requestDetails = z
  .object({
    ...fields,
    url: z.string().meta({
      description: `The URL as it was called, with keys masked, at most ${MAX_RECORDED_URL_BYTES} bytes of it`,
    }),
    query: z.string().meta({
      description: "The query as it was sent, without the question mark",
      examples: ["limit=5"],
    }),
    request: z.object(message),
    response: z
      .object(message)
      .optional()
      .meta({ description: "The response; absent if a fault kept it from being sent" }),
    unaltered_response: z
      .object({ status: z.int(), ...message })
      .optional()
      .meta({ description: "The response that a fault replaced" }),
    cost: z
      .object({ queries: z.int(), rows_read: z.int(), rows_written: z.int() })
      .meta({ description: "What the request cost in the database, as in `Server-Timing`" }),
    version_before: z.int().optional().meta({
      description: "The order's version before a write; absent without an order",
    }),
    version_after: z.int().optional().meta({
      description: "The order's version after a write; absent without an order",
    }),
    curl: z.string().optional().meta({
      description:
        "A command that sends the same request again, with the key in `SANDBOX_KEY`. Absent if the request was cut, contained a key, was not UTF-8, or contained control characters other than line feeds and tabs",
    }),
  })
  .meta({ id: "RequestDetails" });

const counted = <Shape extends z.ZodRawShape>(shape: Shape, description: string) =>
  z
    .array(z.object({ ...shape, count: z.int() }))
    .meta({ description: `${description}, the largest count first` });

export const requestCounts = z
  .object({
    total: z.int().meta({ description: "The number of matching requests", examples: [42] }),
    by_status: counted(
      {
        status: z
          .string()
          .nullable()
          .meta({
            description: "The class of the status; null without a response",
            examples: ["4xx"],
          }),
      },
      "Counts by class of status",
    ),
    by_method: counted({ method: z.string().meta({ examples: ["POST"] }) }, "Counts by method"),
    by_error: counted(
      {
        type: z.string().meta({ examples: ["CONFLICT_ERROR"] }),
        param: optionalText("The field, parameter or header", "amount"),
      },
      "Counts by type of error and field, at most 100 of them",
    ),
    by_warning: counted(
      {
        code: z.enum(WARNINGS),
        param: optionalText("The field, parameter or header", "reward_amount"),
        order_ids: z.array(z.string()).meta({
          description: `The newest orders that these requests are about, at most ${MAX_COUNTED_ORDERS}`,
          examples: [["order-1"]],
        }),
      },
      "Counts by warning and field, at most 100 of them",
    ),
  } satisfies SchemaPerField<RequestCounts>)
  .meta({ id: "RequestCounts" });

const orPrefix = "or a prefix that ends in `*`";

const filters = {
  method: z
    .string()
    .regex(/^[A-Za-z]{1,20}$/, { error: "Expected a method, like POST" })
    .optional()
    .meta({ description: "Only requests with this method", examples: ["POST"] }),
  path: z
    .string()
    .regex(/^\//, { error: "Expected a path, which begins with a slash" })
    .optional()
    .meta({ description: `Only requests to this path, ${orPrefix}`, examples: ["/v2/orders*"] }),
  status: z
    .string()
    .regex(/^[1-5](\d\d|xx)$/, { error: "Expected a status like 409, or a class like 4xx" })
    .optional()
    .meta({ description: "Only requests with this status or class", examples: ["4xx"] }),
  order_id: id.optional().meta({
    description: `Only requests about the order with this ID, ${orPrefix}`,
    examples: ["order-1"],
  }),
  partner_order_id: reference.optional().meta({
    description: `Only requests about orders with this ID in the partner's own system, ${orPrefix}`,
    examples: ["po-1"],
  }),
  order_event_id: id.optional().meta({
    description: `Only requests about the event with this ID, ${orPrefix}`,
    examples: ["event-1"],
  }),
  partner_event_id: id.optional().meta({
    description: `Only requests about the event with this ID in the partner's own system, ${orPrefix}`,
    examples: ["pe-1"],
  }),
  network_transaction_id: reference.optional().meta({
    description: `Only requests about this card network transaction, ${orPrefix}`,
    examples: ["615e3ba0*"],
  }),
  request_id: id.optional().meta({
    description: `Only requests with this \`X-Request-Id\` in their response, ${orPrefix}`,
    examples: ["5e3caf25-6a5e-4fad-b436-45abb9f3c420"],
  }),
  since: timestamp.optional().meta({
    description: "Only requests that arrived at this time or later (RFC 3339)",
    examples: ["2026-01-15T09:30:00Z"],
  }),
} satisfies SchemaPerField<RequestFilter>;

export const requestQuery = z.object({
  ...filters,
  limit: limit(),
  starting_after: recordedId
    .optional()
    .meta({ description: "The ID of the last request of the previous page" }),
});

/** The query of the stream and of the summary. */
export const requestFilter = z.object(filters);

export const streamHeaders = z.object({
  "Last-Event-ID": recordedId.optional().meta({
    description: "The ID of the last event received: the stream resumes after it",
  }),
});

export const requestPath = z.object({ id: recordedId });

export const eventStream = z.string().meta({
  description:
    "Server-sent events: `id` is the recorded request's ID, `data` is a RecordedRequest as JSON",
});
