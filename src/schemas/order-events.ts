import * as z from "zod";
import {
  ORDER_EVENT_TYPES,
  type OrderEvent,
  type OrderEventInput,
} from "../domain/order-events.ts";
import { currency, id, money, reference } from "./fields.ts";
import { MAX_LINES, orderLine, orderLineInput, linesAddUp, rewardsTotal } from "./order-lines.ts";
import { limit, listOf, startingAfter } from "./pages.ts";
import type { FieldSchemas } from "./field-schemas.ts";

const orderEventId = id.meta({
  description: "The event's id, unique within the environment",
  examples: ["event-1"],
});

const orderEventFields = {
  order_id: id.meta({
    description: "The order that it happened to",
    examples: ["order-1"],
  }),
  partner_event_id: id.optional().meta({
    description: "The event's id in the partner's own system, unique within the environment",
    examples: ["7622c07d-eb2b-4345-a9a9-345d61d32bc2"],
  }),
  type: z.enum(ORDER_EVENT_TYPES).meta({ description: "What happened", examples: ["CAPTURED"] }),
  amount: money.meta({ description: "How much, in the minor unit", examples: [274999] }),
  network_transaction_id: reference.meta({
    description: "The card network's id of the transaction",
    examples: ["615e3ba0-6b99-495b-ade4-1f584c40f376"],
  }),
};

/** An event as it is sent. */
export const orderEventInput = z
  .object({
    order_event_id: orderEventId.optional().meta({
      description: "The event's id, unique within the environment. Left out: a UUID is made",
    }),
    ...orderEventFields,
    rewards_amount: rewardsTotal.optional(),
    currency: currency
      .optional()
      .meta({ description: "ISO 4217 code. Left out: the order's", examples: ["USD"] }),
    order_lines: z.array(orderLineInput).max(MAX_LINES).optional().meta({
      description:
        "What was captured or refunded. Lines must add up: the sum of rate × quantity is `amount`, that of rewards_rate × quantity is `rewards_amount`",
    }),
  } satisfies FieldSchemas<OrderEventInput>)
  .superRefine(linesAddUp("amount", "rewards_amount"))
  .meta({ id: "OrderEventInput" });

/** An event as it is answered: a field without a value is left out. */
export const orderEvent = z
  .object({
    order_event_id: orderEventId,
    ...orderEventFields,
    rewards_amount: rewardsTotal,
    currency: z.string().meta({ description: "ISO 4217 code", examples: ["USD"] }),
    order_lines: z.array(orderLine).optional(),
  } satisfies FieldSchemas<OrderEvent>)
  .meta({ id: "OrderEvent" });

export const orderEventList = listOf(orderEvent, "OrderEventList");

export const orderEventQuery = z.object({
  order_event_id: orderEventId.optional().meta({ description: "Only the event with this id" }),
  order_id: orderEventFields.order_id.optional().meta({ description: "Only events of this order" }),
  partner_event_id: orderEventFields.partner_event_id.meta({
    description: "Only the event with this id in the partner's own system",
  }),
  network_transaction_id: orderEventFields.network_transaction_id
    .optional()
    .meta({ description: "Only events of this transaction of the card network" }),
  limit: limit(),
  starting_after: startingAfter("event-10"),
});

export const orderEventPath = z.object({
  order_event_id: orderEventId.meta({ description: "The event's id" }),
});
