import { Hono } from "hono";
import { unknownOrder } from "../../domain/orders.ts";
import { REQUEST_DAYS } from "../../domain/requests.ts";
import { MAX_PAGE_BYTES, untilTooLong } from "../../domain/stored-bytes.ts";
import { timelineFiguresOf, timelineOf } from "../../domain/timeline.ts";
import type { AppEnv } from "../../http/context.ts";
import { ApiError } from "../../http/errors.ts";
import { recordPending } from "../../http/recording/record.ts";
import { validate } from "../../http/validate.ts";
import { inCurrentDataset, queryWorkbench } from "../../http/dataset.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { timeline, timelinePath } from "../../schemas/timeline.ts";
import { findHistory } from "../../store/timeline.ts";

/** A timeline has at most this many changes, the newest ones. */
const MAX_CHANGES = 1_000;

export const timelines = new Hono<AppEnv>().get(
  "/sandbox/orders/:order_id/timeline",
  describeOperation({
    tag: "Sandbox",
    operationId: "getTimeline",
    summary: "Retrieve an order's timeline",
    description: `Returns the history of an order, even of a deleted one: its last ${MAX_CHANGES} changes with the sums after each, the requests that changed nothing (stored for ${REQUEST_DAYS} days), and the events of the card transactions that its order events name. A timeline longer than ${MAX_PAGE_BYTES / 1_000} KB has only its newest entries.`,
    responses: { 200: { description: "The timeline", schema: timeline } },
    errors: ["INVALID_REQUEST_ERROR", "ORDER_NOT_FOUND_ERROR"],
  }),
  validate("param", timelinePath),
  async (c) => {
    const { order_id } = c.req.valid("param");
    const { changes: found, cardEvents } = await inCurrentDataset(c, (dataset) =>
      findHistory(dataset, order_id, MAX_CHANGES + 1),
    );
    const changes = found.slice(-MAX_CHANGES);
    const last = changes.at(-1);
    if (!last) throw new ApiError(unknownOrder(order_id));
    await recordPending(c);
    const { requests, has_more: hasOlderRequests } = await queryWorkbench(c, (workbench, dataset) =>
      workbench.listOrderRequests(dataset, order_id),
    );
    const previous = found.at(-MAX_CHANGES - 1);
    const all = timelineOf({ changes, requests, cardEvents, previous, hasOlderRequests });
    const data = untilTooLong(all.toReversed()).toReversed();
    const has_more = previous !== undefined || hasOlderRequests || data.length < all.length;
    return c.json({ order_id, figures: timelineFiguresOf(last), has_more, data }, 200);
  },
);
