import * as z from "zod";
import {
  DELIVERY_STATUSES,
  MAX_SHOWN_ATTEMPTS,
  type NotificationFilter,
} from "../domain/notifications.ts";
import { NOTIFICATION_FAULT_NAMES } from "../domain/notification-faults.ts";
import { MAX_PAGE_BYTES } from "../domain/stored-bytes.ts";
import { reference, timestamp } from "./fields.ts";
import {
  attempt,
  delivery,
  moment,
  nextAt,
  notificationId,
  numericText,
} from "./notification-deliveries.ts";
import { notificationKind } from "./notification-payloads.ts";
import { limit, listOf } from "./pages.ts";
import type { SchemaPerField } from "./schema-per-field.ts";
import { webhook, WEBHOOK_ID_EXAMPLE } from "./webhooks.ts";

const deliveryStatus = z.enum(DELIVERY_STATUSES).meta({
  description:
    "`unaddressed`: no webhook for this kind existed. (Without any webhook, transaction events create no notification.) `pending`: another attempt follows. `acknowledged`: every webhook responded with 2xx. `failed`: the attempts of a webhook ran out",
  examples: ["acknowledged"],
});
const fields = {
  id: notificationId,
  object: notificationKind,
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

export const notificationDetails = z
  .object({
    ...fields,
    payload: z
      .object({ object: notificationKind, data: z.record(z.string(), z.unknown()) })
      .meta({ description: "The body as JSON. `body` has its exact bytes" }),
    body: z.string().meta({ description: "The body as it is sent and signed" }),
    deliveries: z.array(delivery),
    attempts: z.array(attempt).meta({
      description: `The newest attempts, oldest first: at most ${MAX_SHOWN_ATTEMPTS}, or fewer if the response would be longer than ${MAX_PAGE_BYTES / 1_000} KB. \`attempt_count\` counts all`,
    }),
  })
  .meta({ id: "NotificationDetails" });

const filters = {
  object: notificationKind.optional().meta({ description: "Only notifications of this kind" }),
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
    "Server-sent events. Without `webhook_id`, `data` is a Notification as JSON, sent again after each change. With it, `data` is a due delivery: `id` (the position in the stream), `notification_id`, `delivery_id`, `webhook_id`, `attempt` (from 1), `object`, `headers`, and `body`, to forward byte for byte",
});
