import * as z from "zod";
import {
  DELIVERY_STATUSES,
  DELIVERY_TIMEOUT_MILLISECONDS,
  MAX_RESPONSE_BYTES,
  SIGNATURE_HEADER,
  type Attempt,
  type Delivery,
  type NotificationFilter,
} from "../domain/notifications.ts";
import { NOTIFICATION_FAULT_NAMES } from "../domain/notification-faults.ts";
import { DAY_MILLISECONDS } from "../domain/timestamp.ts";
import { NOTIFICATION_KINDS } from "../domain/webhooks.ts";
import { reference, timestamp, url } from "./fields.ts";
import type { SchemaPerField } from "./schema-per-field.ts";
import { limit, listOf } from "./pages.ts";
import { webhook, WEBHOOK_ID_EXAMPLE } from "./webhooks.ts";

const numericText = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, { error: "Expected the ID of a notification, which is digits" });

const notificationId = numericText.meta({
  description: "The notification's ID in the sandbox. It grows with time",
  examples: ["1763984420123000"],
});

const moment = (description: string) =>
  z.string().meta({
    format: "date-time",
    description: `${description} (RFC 3339, with milliseconds)`,
    examples: ["2026-01-15T09:30:00.123Z"],
  });

const object = z
  .enum(NOTIFICATION_KINDS)
  .meta({ description: "The kind of notification", examples: ["TRANSACTION"] });
const deliveryStatus = z.enum(DELIVERY_STATUSES).meta({
  description:
    "`unaddressed`: no webhook of this kind existed. `pending`: another attempt follows. `acknowledged`: every webhook responded with 2xx. `failed`: the attempts of a webhook ran out",
  examples: ["acknowledged"],
});
const deliveryId = z
  .int()
  .min(1)
  .meta({
    description:
      "The delivery's ID. A notification has one delivery for each webhook, or two if it is duplicated",
    examples: [1],
  });
const nextAt = moment(
  "When the next attempt is due; null if none is, or if the webhook is paused",
).nullable();

const fields = {
  id: notificationId,
  object,
  event_id: z
    .string()
    .optional()
    .meta({
      description: "`data.event_id` of the payload",
      examples: ["0b0c2a6e-3f0e-4f0c-9f6a-0d6c9a1f7a55"],
    }),
  status: z
    .string()
    .optional()
    .meta({ description: "`data.status` of the payload", examples: ["CAPTURED"] }),
  transaction_id: z
    .string()
    .optional()
    .meta({
      description: "`data.transaction_id` of the payload",
      examples: ["e2806932-5f1b-4518-8b15-156d773e9496"],
    }),
  network_transaction_id: z
    .string()
    .optional()
    .meta({
      description: "`data.network_transaction_id` of the payload",
      examples: ["txn-789456"],
    }),
  at: moment("When the notification was created"),
  delivery_status: deliveryStatus,
  attempt_count: z
    .int()
    .meta({ description: "The number of attempts so far, on all webhooks", examples: [1] }),
  next_at: nextAt,
  fault: z
    .object({ id: z.string(), fault: z.enum(NOTIFICATION_FAULT_NAMES), delay_ms: z.int() })
    .optional()
    .meta({ description: "The fault that applies to the notification" }),
};

export const notification = z.object(fields).meta({ id: "Notification" });

export const notificationList = listOf(notification, "NotificationList");

const headers = z.record(z.string(), z.string()).meta({
  description: "The request's headers",
  examples: [{ [SIGNATURE_HEADER]: "t=1763984420123,s=5f2c…" }],
});

export const attempt = z
  .object({
    at: moment("When the attempt began"),
    delivery_id: deliveryId,
    webhook_id: webhook.shape.id,
    url: z
      .string()
      .nullable()
      .meta({ description: "The URL that it was sent to; null if a listener didn't report it" }),
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

export const notificationDetails = z
  .object({
    ...fields,
    payload: z
      .object({ object, data: z.record(z.string(), z.unknown()) })
      .meta({ description: "The body as JSON. `body` has its exact bytes" }),
    body: z.string().meta({ description: "The body as it is sent and signed" }),
    deliveries: z.array(delivery),
    attempts: z.array(attempt).meta({ description: "Oldest first" }),
  })
  .meta({ id: "NotificationDetails" });

const MAX_DEPTH = 32;

/** Uses no recursion, because a body can nest 100,000 lists. */
function isShallow(content: unknown): boolean {
  let level = [content];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth += 1) {
    level = level.flatMap((each) =>
      typeof each === "object" && each !== null ? Object.values(each) : [],
    );
  }
  return level.length === 0;
}

/** A notification to trigger. `NOTIFICATION_DATA` validates its data. */
export const notificationInput = z
  .object({
    object,
    data: z
      .record(z.string(), z.unknown())
      .refine(isShallow, { error: `Expected at most ${MAX_DEPTH} levels of lists and objects` })
      .optional()
      .meta({
        description:
          "Fields of the published `data`, which replace those of the published example. null leaves a field out unless production may send null",
        examples: [{ status: "CAPTURED", amount: 5000 }],
      }),
  })
  .meta({ id: "NotificationInput" });

/** The outcome of a delivery that a program read from the stream. */
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

/** A delivery that is due on a webhook without a URL, in the stream of this webhook. */
export const offeredDelivery = z
  .object({
    id: numericText.meta({ description: "The position in the stream, for `Last-Event-ID`" }),
    notification_id: notificationId,
    delivery_id: deliveryId,
    webhook_id: webhook.shape.id,
    attempt: z.int().meta({ description: "The number of this attempt, from 1", examples: [1] }),
    object,
    headers,
    body: z.string().meta({ description: "The body to forward, byte for byte" }),
  })
  .meta({ id: "OfferedDelivery" });

const filters = {
  object: object.optional().meta({ description: "Only notifications of this kind" }),
  status: reference.optional().meta({
    description: "Only notifications whose payload has this `data.status`",
    examples: ["CAPTURED"],
  }),
  delivery_status: deliveryStatus
    .optional()
    .meta({ description: "Only notifications with this delivery status", examples: ["pending"] }),
  transaction_id: reference.optional().meta({
    description: "Only notifications about this transaction",
    examples: ["e2806932-5f1b-4518-8b15-156d773e9496"],
  }),
  network_transaction_id: reference.optional().meta({
    description: "Only notifications about this card network transaction",
    examples: ["txn-789456"],
  }),
  event_id: reference.optional().meta({
    description: "Only notifications about this event",
    examples: ["0b0c2a6e-3f0e-4f0c-9f6a-0d6c9a1f7a55"],
  }),
  since: timestamp.optional().meta({
    description: "Only notifications created at this time or later (RFC 3339)",
    examples: ["2026-01-15T09:30:00Z"],
  }),
} satisfies SchemaPerField<NotificationFilter>;

export const notificationQuery = z.object({
  ...filters,
  limit: limit(),
  starting_after: notificationId
    .optional()
    .meta({ description: "The ID of the last notification of the previous page" }),
});

/** The stream's query. With a webhook, the stream has its due deliveries; otherwise notifications and their changes. */
export const notificationStreamQuery = z.object({
  ...filters,
  webhook_id: webhook.shape.id.optional().meta({
    description: "The ID of a webhook without a URL: the stream has its due deliveries",
    examples: [WEBHOOK_ID_EXAMPLE],
  }),
});

export const notificationStreamHeaders = z.object({
  "Last-Event-ID": numericText.optional().meta({
    description: "The ID of the last event received: the stream resumes after it",
  }),
});

export const notificationPath = z.object({ notification_id: notificationId });

export const notificationStream = z.string().meta({
  description:
    "Server-sent events. `data` is a Notification as JSON, sent again after each change; with `webhook_id`, an OfferedDelivery",
});
