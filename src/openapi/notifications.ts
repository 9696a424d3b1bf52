import * as z from "zod";
import { SIGNATURE_HEADER } from "../domain/notifications.ts";
import { NOTIFICATION_KINDS, type NotificationKind } from "../domain/webhooks.ts";
import { exampleData, payloadOf } from "../schemas/notification-payloads.ts";

const MEANINGS: Record<NotificationKind, string> = {
  APPLICATION: "An application for a payment method was created or changed its status.",
  TRANSACTION:
    "An event of a card transaction happened. It names no order: find yours by `network_transaction_id` or `payment_method_id`. `event_id` is the same in each delivery of the event, and `amount` is the amount of this event, not the sum of the transaction.",
  PAYMENT_METHOD: "A payment method, such as a card, was created or changed its status.",
  CUSTOMER_LINK: "A customer's Imprint account was linked to the partner's account.",
  REWARD: "A reward was created, changed, or became available.",
  STREAK: "A customer enrolled in a streak, or completed or failed one.",
  ACCOUNT_STATUS: "A customer's account changed its status.",
};

const signature = {
  name: SIGNATURE_HEADER,
  in: "header",
  required: true,
  description: "An HMAC-SHA256 over `<t>.<raw body>`, whose key is the webhook's `signing_token`",
  schema: { type: "string" },
  example: "t=1763984420123,s=5f2c…",
};

/** `CUSTOMER_LINK` as `CustomerLink`, the published name. */
const nameOf = (kind: NotificationKind): string =>
  kind.toLowerCase().replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());

const schemaNameOf = (kind: NotificationKind): string => `${nameOf(kind)}WebhookPayload`;

/** The `webhooks` of the document: the notifications that a partner receives. */
export const webhooks = Object.fromEntries(
  NOTIFICATION_KINDS.map((kind) => [nameOf(kind), { post: describeNotification(kind) }]),
);

/** The schemas of their payloads, which also validate triggered notifications. */
export const payloadSchemas = () =>
  Object.fromEntries(NOTIFICATION_KINDS.map((kind) => [schemaNameOf(kind), schemaOf(kind)]));

function describeNotification(kind: NotificationKind) {
  return {
    operationId: `receive${nameOf(kind)}`,
    summary: `${kind} notification`,
    description: MEANINGS[kind],
    security: [],
    parameters: [signature],
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: { $ref: `#/components/schemas/${schemaNameOf(kind)}` },
          example: { object: kind, data: exampleData(kind) },
        },
      },
    },
    responses: {
      "2XX": { description: "Acknowledges the notification. Otherwise, it is retried" },
    },
  };
}

function schemaOf(kind: NotificationKind) {
  const { $schema: _, ...schema } = z.toJSONSchema(payloadOf(kind), { io: "input" });
  return schema;
}
