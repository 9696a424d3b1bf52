import * as z from "zod";
import type { FaultMatch } from "../domain/fault-match.ts";
import { FAULT_NAMES, MAX_DELAY_MILLISECONDS, MAX_FAULT_TIMES } from "../domain/faults.ts";
import { responseTimestamp, id, reference } from "./fields.ts";
import { limit, listOf, startingAfter } from "./pages.ts";
import type { FieldSchemas } from "./field-schemas.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
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
  } satisfies FieldSchemas<FaultMatch>)
  .meta({
    id: "FaultMatch",
    description: "Which requests the fault applies to: those that match every field",
  });

const fields = {
  fault: z.enum(FAULT_NAMES).meta({ description: "The fault", examples: ["lost_response"] }),
  times: z
    .int()
    .min(1)
    .max(MAX_FAULT_TIMES)
    .meta({ description: "How many requests it applies to", examples: [1] }),
  skip: z
    .int()
    .min(0)
    .meta({ description: "How many matching requests it lets through first", examples: [0] }),
  delay_ms: z
    .int()
    .min(0)
    .max(MAX_DELAY_MILLISECONDS)
    .meta({ description: "How late a `delay` sends the response, in milliseconds", examples: [0] }),
};

export const faultInput = z
  .object({
    fault: fields.fault,
    times: fields.times
      .optional()
      .meta({ description: "How many requests it applies to. Default: 1", examples: [1] }),
    skip: fields.skip.optional().meta({
      description: "How many matching requests it lets through first. Default: 0",
      examples: [0],
    }),
    delay_ms: fields.delay_ms.optional().meta({
      description: "How late a `delay` sends the response, in milliseconds. Default: 0",
      examples: [0],
    }),
    match: match.optional(),
  })
  .superRefine(({ fault, delay_ms }, context) => {
    if (!delay_ms || fault === "delay") return;
    context.addIssue({
      code: "custom",
      path: ["delay_ms"],
      input: delay_ms,
      message: `Expected none with ${fault}: only delay has it`,
    });
  })
  .meta({ id: "FaultInput" });

export const fault = z
  .object({
    id: id.meta({ description: "The fault's ID", examples: [FAULT_ID_EXAMPLE] }),
    ...fields,
    remaining: fields.times.meta({
      description: "How many more requests it applies to. After the last one the fault is gone",
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
