import * as z from "zod";
import {
  ORDER_EVENT_TYPES,
  type OrderEvent,
  type OrderEventInput,
  type OrderEventType,
} from "../domain/order-events.ts";
import { currency, id, money, reference } from "./fields.ts";
import { MAX_LINES, orderLine, orderLineInput, linesAddUp, rewardsTotal } from "./order-lines.ts";
import { limit, listOf, startingAfter } from "./pages.ts";
import type { SchemaPerField } from "./schema-per-field.ts";

/** When to report an event of each type, for the reference. */
export const ORDER_EVENT_MEANINGS: Record<OrderEventType, string> = {
  CAPTURED:
    "An amount was captured. Always allowed; capturing more than was ordered adds a warning.",
  REFUNDED:
    "An amount was refunded. Allowed up to the captured amount that is not yet refunded; above that, the response is a 409 with the figures.",
};

const orderEventId = id.meta({
  description: "The event's ID, unique within the environment",
  examples: ["event-1"],
});

const orderEventFields = {
  order_id: id.meta({
    description: "The ID of the order",
    examples: ["order-1"],
  }),
  partner_event_id: id.optional().meta({
    description: "The event's ID in your system, unique within the environment",
    examples: ["pe-1"],
  }),
  type: z.enum(ORDER_EVENT_TYPES).meta({
    description: [
      "What happened to the order:",
      "",
      ...Object.entries(ORDER_EVENT_MEANINGS).map(([type, meaning]) => `- \`${type}\`: ${meaning}`),
    ].join("\n"),
    examples: ["CAPTURED"],
  }),
  amount: money.meta({
    description: "The amount of the event, in the minor unit",
    examples: [274999],
  }),
  network_transaction_id: reference.meta({
    description: "The transaction's ID in the card network",
    examples: ["nt-1"],
  }),
};

/** An event in a request. */
export const orderEventInput = z
  .object({
    order_event_id: orderEventId.optional().meta({
      description: "The event's ID, unique within the environment. Defaults to a UUID",
    }),
    ...orderEventFields,
    rewards_amount: rewardsTotal.optional(),
    currency: currency.optional().meta({
      description: "ISO 4217 code. Must be the order's currency, which is the default",
      examples: ["USD"],
    }),
    order_lines: z.array(orderLineInput).max(MAX_LINES).optional().meta({
      description:
        "The items of the event. `rate` × `quantity` must add up to `amount`, and `rewards_rate` × `quantity` to `rewards_amount`",
    }),
  } satisfies SchemaPerField<OrderEventInput>)
  .superRefine(linesAddUp("amount", "rewards_amount"))
  .meta({ id: "OrderEventInput" });

/** An event in a response. Fields without a value are left out. */
export const orderEvent = z
  .object({
    order_event_id: orderEventId,
    ...orderEventFields,
    rewards_amount: rewardsTotal,
    currency: z.string().meta({ description: "ISO 4217 code", examples: ["USD"] }),
    order_lines: z.array(orderLine).optional(),
  } satisfies SchemaPerField<OrderEvent>)
  .meta({ id: "OrderEvent" });

export const orderEventList = listOf(orderEvent, "OrderEventList");

export const orderEventQuery = z.object({
  order_event_id: orderEventId.optional().meta({ description: "Only the event with this ID" }),
  order_id: orderEventFields.order_id.optional().meta({ description: "Only events of this order" }),
  partner_event_id: orderEventFields.partner_event_id.meta({
    description: "Only the event with this ID in your system",
  }),
  network_transaction_id: orderEventFields.network_transaction_id
    .optional()
    .meta({ description: "Only events of this card network transaction" }),
  limit: limit(),
  starting_after: startingAfter("event-1"),
});

export const orderEventPath = z.object({
  order_event_id: orderEventId.meta({ description: "The event's ID" }),
});
