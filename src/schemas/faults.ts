import * as z from "zod";
import { findMatchProblem } from "../domain/fault-match.ts";
import {
  ANY_FAULT_NAMES,
  FAULT_NAMES,
  findParameterProblem,
  MAX_DELAY_MILLISECONDS,
  MAX_FAULT_SKIP,
  MAX_FAULT_TIMES,
  MAX_RETRY_AFTER_SECONDS,
  type AnyFaultName,
  type AnyMatch,
  type FaultParameters,
} from "../domain/faults.ts";
import { ORDER_EVENT_TYPES } from "../domain/order-events.ts";
import { NOTIFICATION_KINDS } from "../domain/webhooks.ts";
import { responseTimestamp, id, reference } from "./fields.ts";
import { limit, listOf, startingAfter } from "./pages.ts";
import type { SchemaPerField } from "./schema-per-field.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"] as const;
const FAULT_ID_EXAMPLE = "0a7e2b9c-5d0e-4a53-9f5f-2f1c8c0b6a11";

const match = z
  .object({
    method: z
      .enum(METHODS)
      .optional()
      .meta({ description: "Only requests with this method", examples: ["POST"] }),
    path: z
      .string()
      .regex(/^\/v2[^*?#]*\*?$/, {
        error:
          "Expected a path under /v2, with :name for any segment, or * at the end for any rest",
      })
      .optional()
      .meta({
        description:
          "Only requests to this path. `:name` stands for any segment, and `*` at the end for any rest",
        examples: ["/v2/order_events"],
      }),
    order_id: id.optional().meta({
      description: "Only requests that name this order in their path, body or query",
      examples: ["order-1"],
    }),
    partner_order_id: reference
      .optional()
      .meta({ description: "Only requests that name this `partner_order_id`", examples: ["po-1"] }),
    order_event_id: id
      .optional()
      .meta({ description: "Only requests that name this event", examples: ["event-1"] }),
    partner_event_id: id
      .optional()
      .meta({ description: "Only requests that name this `partner_event_id`", examples: ["pe-1"] }),
    type: z
      .enum(ORDER_EVENT_TYPES)
      .optional()
      .meta({
        description: "Only requests that append an event of this type",
        examples: ["CAPTURED"],
      }),
    object: z
      .enum(NOTIFICATION_KINDS)
      .optional()
      .meta({
        description: "With a notification fault: only notifications of this kind",
        examples: ["TRANSACTION"],
      }),
    status: reference.optional().meta({
      description: "With a notification fault: only notifications with this `data.status`",
      examples: ["CAPTURED"],
    }),
    transaction_id: reference.optional().meta({
      description: "With a notification fault: only notifications about this transaction",
      examples: ["e2806932-5f1b-4518-8b15-156d773e9496"],
    }),
    network_transaction_id: reference.optional().meta({
      description:
        "With a notification fault: only notifications about this card network transaction",
      examples: ["txn-789456"],
    }),
  } satisfies SchemaPerField<AnyMatch>)
  .meta({
    id: "FaultMatch",
    description: "The fault applies to the requests or notifications that match every field",
  });

const parameters = {
  delay_ms: z
    .int()
    .min(0)
    .max(MAX_DELAY_MILLISECONDS)
    .meta({
      description:
        "By how many milliseconds `delay` or `slow_body` delays the response, or `late_notification` the notification",
      examples: [3_000],
    }),
  status: z
    .int()
    .min(500)
    .max(599)
    .meta({ description: "The status of `error` or `error_after_commit`", examples: [500] }),
  retry_after: z
    .int()
    .min(0)
    .max(MAX_RETRY_AFTER_SECONDS)
    .meta({
      description: "The `Retry-After` of `unavailable` or `rate_limited`, in seconds",
      examples: [1],
    }),
} satisfies SchemaPerField<FaultParameters>;

const fields = {
  fault: z.enum(ANY_FAULT_NAMES).meta({ description: "The fault", examples: ["lost_response"] }),
  times: z
    .int()
    .min(1)
    .max(MAX_FAULT_TIMES)
    .meta({ description: "How many requests or notifications it applies to", examples: [1] }),
  skip: z
    .int()
    .min(0)
    .max(MAX_FAULT_SKIP)
    .meta({
      description: "How many matching requests or notifications it lets through first",
      examples: [0],
    }),
};

const withDefault = <Schema extends z.ZodType>(schema: Schema, value: number) => {
  const { description } = schema.meta()!;
  const meta = { description: `${description}. Default: ${value}`, examples: [value] };
  return schema.optional().meta(meta);
};

const parameterInput = {
  fault: z.enum(FAULT_NAMES).meta({ description: "The fault", examples: ["lost_response"] }),
  delay_ms: parameters.delay_ms.optional(),
  status: withDefault(parameters.status, 500),
  retry_after: withDefault(parameters.retry_after, 1),
};

type ParameterInput = Omit<z.infer<z.ZodObject<typeof parameterInput>>, "fault"> & {
  fault: AnyFaultName;
};

/** Rejects a match that can never apply. */
function checkMatch(
  input: { fault: AnyFaultName; match?: AnyMatch | undefined },
  context: z.RefinementCtx,
): void {
  const wanted = input.match ?? {};
  const problem = findMatchProblem(input.fault, wanted);
  if (!problem) return;
  const { field, expected } = problem;
  const message = `Expected ${expected}`;
  context.addIssue({ code: "custom", path: ["match", field], input: wanted[field], message });
}

/** Rejects a parameter that the fault doesn't take, and requires those that it needs. */
function checkParameters(input: ParameterInput, context: z.RefinementCtx): void {
  const problem = findParameterProblem(input);
  if (!problem) return;
  const { name, expected } = problem;
  const message = `Expected ${expected}`;
  context.addIssue({ code: "custom", path: [name], input: input[name], message });
}

/** A fault in the `Sandbox-Fault` header. */
export const faultWithParameters = z.strictObject(parameterInput).superRefine(checkParameters);

export const faultInput = z
  .object({
    ...parameterInput,
    fault: fields.fault,
    times: withDefault(fields.times, 1),
    skip: withDefault(fields.skip, 0),
    match: match.optional(),
  })
  .superRefine(checkParameters)
  .superRefine(checkMatch)
  .meta({ id: "FaultInput" });

export const fault = z
  .object({
    id: id.meta({ description: "The fault's ID", examples: [FAULT_ID_EXAMPLE] }),
    ...fields,
    delay_ms: parameters.delay_ms.meta({
      description: "By how many milliseconds the response or notification is delayed",
      examples: [0],
    }),
    status: parameters.status.optional(),
    retry_after: parameters.retry_after.optional(),
    remaining: fields.times.meta({
      description:
        "How many more requests or notifications it applies to. After the last one, the fault is removed",
      examples: [1],
    }),
    match,
    created_at: responseTimestamp.meta({ description: "When the fault was added (RFC 3339)" }),
  })
  .meta({ id: "Fault" });

export const faultList = listOf(fault, "FaultList");

export const faultQuery = z.object({
  limit: limit(),
  starting_after: startingAfter(FAULT_ID_EXAMPLE),
});

export const faultPath = z.object({ fault_id: fault.shape.id });
