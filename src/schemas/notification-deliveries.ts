/** The deliveries of a notification to webhooks, and their attempts. */
import * as z from "zod";
import {
  DELIVERY_TIMEOUT_MILLISECONDS,
  MAX_RESPONSE_BYTES,
  SIGNATURE_HEADER,
  type Attempt,
  type Delivery,
} from "../domain/notifications.ts";
import { DAY_MILLISECONDS } from "../domain/timestamp.ts";
import { url } from "./fields.ts";
import type { SchemaPerField } from "./schema-per-field.ts";
import { webhook } from "./webhooks.ts";

export const numericText = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, { error: "Expected the numeric ID of a notification" });

export const notificationId = numericText.meta({
  description: "The notification's ID in the sandbox. A later notification has a greater one",
  examples: ["1763984420123000"],
});

export const moment = (description: string) =>
  z.string().meta({
    format: "date-time",
    description: `${description} (RFC 3339, with milliseconds)`,
    examples: ["2026-01-15T09:30:00.123Z"],
  });

const deliveryId = z
  .int()
  .min(1)
  .meta({
    description:
      "The delivery's ID. A notification has one delivery for each webhook, or two if it is duplicated",
    examples: [1],
  });
export const nextAt = moment(
  "When the next attempt is due; null if none is, or if the webhook is paused",
).nullable();

const headers = z.record(z.string(), z.string()).meta({
  description: "The request's headers",
  examples: [{ [SIGNATURE_HEADER]: "t=1763984420123,s=5f2c…" }],
});

export const attempt = z
  .object({
    at: moment("When the attempt began"),
    delivery_id: deliveryId,
    webhook_id: webhook.shape.id,
    url: z.string().nullable().meta({
      description:
        "The URL that it was sent to; null if the program that read it from the stream didn't report one",
    }),
    headers,
    status: z
      .int()
      .nullable()
      .meta({ description: "The status of the response; null without a response" }),
    response_body: z
      .string()
      .nullable()
      .meta({ description: `The response's body, at most ${MAX_RESPONSE_BYTES} bytes of it` }),
    ms: z.int().meta({ description: "The duration in milliseconds", examples: [12] }),
    error: z
      .string()
      .nullable()
      .meta({
        description: `Why no response arrived within ${DELIVERY_TIMEOUT_MILLISECONDS / 1_000} seconds; null with a response`,
      }),
    next_at: nextAt,
  } satisfies SchemaPerField<Attempt>)
  .meta({ id: "NotificationAttempt" });

export const delivery = z
  .object({
    id: deliveryId,
    webhook_id: webhook.shape.id,
    status: z.enum(["pending", "acknowledged", "failed"]),
    attempt_count: z.int(),
    next_at: nextAt,
  } satisfies SchemaPerField<Delivery>)
  .meta({ id: "NotificationDelivery" });

/** A program's report on a delivery that it read from the stream. */
export const attemptReport = z
  .object({
    delivery_id: deliveryId,
    attempt: z
      .int()
      .min(1)
      .meta({
        description:
          "The number of the attempt, as in the stream. A repeated report changes nothing",
        examples: [1],
      }),
    url: url.optional().meta({
      description: "Where the program forwarded it",
      examples: ["http://localhost:3000/imprint"],
    }),
    status: z
      .int()
      .min(100)
      .max(599)
      .nullable()
      .meta({
        description: "The status of the response; null without one. 2xx acknowledges",
        examples: [200],
      }),
    response_body: z
      .string()
      .optional()
      .meta({ description: "The response's body", examples: ["ok"] }),
    ms: z
      .int()
      .min(0)
      .max(DAY_MILLISECONDS)
      .optional()
      .meta({ description: "The duration", examples: [12] }),
    error: z
      .string()
      .max(1_000)
      .optional()
      .meta({ description: "Why no response arrived", examples: ["connection refused"] }),
    headers: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: "The headers that were forwarded, for the log" }),
  })
  .meta({ id: "AttemptReport" });
