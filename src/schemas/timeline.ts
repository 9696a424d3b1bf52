import * as z from "zod";
import { ORDER_EVENT_TYPES } from "../domain/order-events.ts";
import { TIMELINE_KINDS } from "../domain/timeline.ts";
import { id } from "./fields.ts";
import { recordedRequest } from "./requests.ts";
import { simulatedEvent, transaction } from "./transactions.ts";

const amount = (description: string, example: number) =>
  z.int().meta({ description: `${description}, in the minor unit`, examples: [example] });

const orderFigures = {
  ordered: amount("The order's total", 5_000),
  captured: amount("The sum of the captures", 5_000),
  refunded: amount("The sum of the refunds", 2_500),
  refundable: amount("The captures less the refunds", 2_500),
};

const figures = z
  .object({
    ...orderFigures,
    rewards: z.object(orderFigures).meta({ description: "The same for the rewards" }),
  })
  .meta({ id: "TimelineFigures" });

const { id: transaction_id, network_transaction_id } = transaction.shape;
const { event_id } = simulatedEvent.shape;
const { request_id, at, error, fault, warnings } = recordedRequest.shape;

const entry = z
  .object({
    kind: z.enum(TIMELINE_KINDS).meta({
      description:
        "A change of the order or its events, or a request that changed nothing: `refused`; `replayed`, because it had taken effect before; or `faulted`, because a fault rejected it. `card_…` is an event of a card transaction that the order's events name",
      examples: ["event_appended"],
    }),
    at,
    request_id: request_id
      .optional()
      .meta({ ...request_id.meta(), description: "The request; absent for an event on the card" }),
    version: z
      .int()
      .optional()
      .meta({ description: "The order's version after the change", examples: [2] }),
    order_event_id: z
      .string()
      .optional()
      .meta({
        description: "The event that was appended, deleted or rejected",
        examples: ["event-1"],
      }),
    type: z.enum(ORDER_EVENT_TYPES).optional().meta({
      description: "The order event's type; absent if its amount and rewards amount are both 0",
    }),
    amount: amount("The amount of the order event or card event", 2_500).optional(),
    rewards_amount: amount("The event's rewards amount", 25).optional(),
    figures: figures.optional().meta({ description: "The sums after the change" }),
    error,
    fault,
    warnings,
    transaction_id: transaction_id.optional(),
    event_id: event_id.optional(),
    network_transaction_id: network_transaction_id.optional(),
    currency: z
      .string()
      .optional()
      .meta({ description: "The card transaction's currency", examples: ["USD"] }),
  })
  .meta({ id: "TimelineEntry" });

export const timeline = z
  .object({
    order_id: z.string().meta({ description: "The order's ID", examples: ["order-1"] }),
    figures: figures.meta({ description: "The current sums, or those at the order's deletion" }),
    has_more: z.boolean().meta({ description: "Whether older entries exist" }),
    data: z.array(entry).meta({ description: "Oldest first" }),
  })
  .meta({ id: "Timeline" });

export const timelinePath = z.object({
  order_id: id.meta({ description: "The order's ID", examples: ["order-1"] }),
});
