import * as z from "zod";
import { CHECK_IDS } from "../domain/readiness/checks.ts";
import { CHECK_GROUPS, type CheckGroup } from "../domain/readiness/groups.ts";
import { CHECK_STATUSES, MAX_EVIDENCE, type Evidence } from "../domain/readiness/verdict.ts";
import { REQUEST_DAYS } from "../domain/requests.ts";
import type { SchemaPerField } from "./schema-per-field.ts";
import { responseTimestamp, timestamp } from "./fields.ts";

const evidence = z
  .object({
    id: z
      .string()
      .optional()
      .meta({
        description: "The ID of the recorded request, for `GET /sandbox/requests/{id}`",
        examples: ["1763984420123000"],
      }),
    request_id: z
      .string()
      .optional()
      .meta({
        description: "The request's `X-Request-Id`",
        examples: ["5e3caf25-6a5e-4fad-b436-45abb9f3c420"],
      }),
    order_id: z.string().optional(),
    order_event_id: z.string().optional(),
    network_transaction_id: z.string().optional(),
    notification_id: z.string().optional(),
    environment_id: z.int().optional().meta({ description: "Only with `environments=all`" }),
  } satisfies SchemaPerField<Evidence>)
  .meta({ id: "ReadinessEvidence" });

const howToProve = z.object({
  step: z.string().meta({ description: "The step that passes the check" }),
  curl: z.string().meta({
    description:
      "Commands that show the step, with the key in `SANDBOX_KEY`. They use made-up IDs. In a test, let your client send the `/v2` requests instead",
  }),
  library: z.string().meta({ description: "The same with the package `orders-sandbox`" }),
});

const check = z
  .object({
    id: z.enum(CHECK_IDS).meta({ examples: ["lost_response"] }),
    group: z.enum(Object.keys(CHECK_GROUPS) as [CheckGroup]).meta({ examples: ["retries"] }),
    title: z.string().meta({ examples: ["A lost response is retried"] }),
    status: z.enum(CHECK_STATUSES).meta({
      description:
        "`not_seen`: no request allows a verdict. It is not a failure, but `ready` stays false",
      examples: ["passed"],
    }),
    reason: z
      .string()
      .meta({ description: "The reason for the status, with the requests that decided it" }),
    evidence: z
      .array(evidence)
      .meta({ description: `The evidence for the status, at most ${MAX_EVIDENCE} items` }),
    how_to_prove: howToProve,
  })
  .meta({ id: "ReadinessCheck" });

export const readiness = z
  .object({
    ready: z.boolean().meta({ description: "Whether all checks passed" }),
    environment: z
      .union([z.int(), z.literal("all")])
      .meta({ description: "The environment's ID, or `all`", examples: [12] }),
    since: responseTimestamp.meta({
      description: "The report covers requests from this time on",
    }),
    checks: z.array(check),
  })
  .meta({ id: "Readiness" });

export const readinessQuery = z.object({
  since: timestamp.optional().meta({
    description: `Only requests that arrived at this time or later (RFC 3339). Default: the last ${REQUEST_DAYS} days`,
    examples: ["2026-01-15T09:30:00Z"],
  }),
  environments: z
    .literal("all")
    .optional()
    .meta({
      description:
        "`all` sums up all of the partner's environments. Only with a key of its first environment",
      examples: ["all"],
    }),
});
