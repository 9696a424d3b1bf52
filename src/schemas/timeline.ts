import * as z from "zod";
import { TIMELINE_KINDS } from "../domain/timeline.ts";
import { id } from "./fields.ts";
import { recordedRequest } from "./requests.ts";

const amount = (description: string, example: number) =>
  z.int().meta({ description: `${description}, in the minor unit`, examples: [example] });

const orderFigures = {
  ordered: amount("What was ordered", 5_000),
  captured: amount("What was captured", 5_000),
  refunded: amount("What was refunded", 2_500),
  refundable: amount("What can still be refunded", 2_500),
};

const figures = z
  .object({
    ...orderFigures,
    rewards: z.object(orderFigures).meta({ description: "The same for the rewards" }),
  })
  .meta({ id: "TimelineFigures" });

const { request_id, at, error, fault } = recordedRequest.shape;

const entry = z
  .object({
    kind: z.enum(TIMELINE_KINDS).meta({
      description:
        "A change of the order or its events; or a request that changed nothing: it was `refused`, or `replayed` as it had taken effect before, or a fault kept it from being done (`faulted`)",
      examples: ["event_appended"],
    }),
    at,
    request_id,
    version: z
      .int()
      .optional()
      .meta({
        description: "The order's version that the change made",
        examples: [2],
      }),
    figures: figures.optional().meta({ description: "The sums after the change" }),
    order_event_id: z
      .string()
      .optional()
      .meta({ description: "The event that was added or deleted", examples: ["event-1"] }),
    error,
    fault,
  })
  .meta({ id: "TimelineEntry" });

export const timeline = z
  .object({
    order_id: z.string().meta({ description: "The order", examples: ["order-1"] }),
    figures: figures.meta({ description: "The sums as they are now, or were when it was deleted" }),
    has_more: z
      .boolean()
      .meta({ description: "Whether there is more, before the oldest of these" }),
    data: z.array(entry).meta({ description: "Oldest first" }),
  })
  .meta({ id: "Timeline" });

export const timelinePath = z.object({
  order_id: id.meta({ description: "The order's id", examples: ["order-1"] }),
});
