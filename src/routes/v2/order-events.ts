import { Hono } from "hono";
import { refuse } from "../../domain/decision.ts";
import { unknownOrderEvent } from "../../domain/order-events.ts";
import type { AppEnv } from "../../http/context.ts";
import { newCommand, ledgerOf, awaitOutcome, resultOrThrow } from "../../http/ledger.ts";
import { requirePage } from "../../http/pagination.ts";
import { validate } from "../../http/validate.ts";
import { inCurrentDataset } from "../../http/dataset.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
import { idempotencyHeaders } from "../../schemas/request-headers.ts";
import {
  orderEvent,
  orderEventInput,
  orderEventList,
  orderEventPath,
  orderEventQuery,
} from "../../schemas/order-events.ts";
import { findOrderOfEvent, listOrderEvents } from "../../store/order-events.ts";

const tag = "Order Events";

export const orderEvents = new Hono<AppEnv>()
  .get(
    "/v2/order_events",
    describeOperation({
      tag,
      operationId: "listOrderEvents",
      summary: "Retrieve order events",
      description:
        "Returns a page of the environment's order events, newest first. An event must match all filters.",
      responses: { 200: { description: "The order events", schema: orderEventList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", orderEventQuery),
    async (c) => {
      const { limit, starting_after, ...filter } = c.req.valid("query");
      const page = await inCurrentDataset(c, (dataset) =>
        listOrderEvents(dataset, filter, { limit, starting_after }),
      );
      return c.json(requirePage(page, starting_after, "order_event_id"), 200);
    },
  )
  .post(
    "/v2/order_events",
    describeOperation({
      tag,
      operationId: "postOrderEvent",
      summary: "Create an order event",
      description:
        "Reports an event of an order, such as a capture or a refund. The description of the field `type` says when each type is allowed. Repeating an event with the same ID returns the stored event. The header `Idempotency-Key` makes an event without an ID safe to retry.",
      responses: {
        200: {
          description: "The order event",
          schema: orderEvent,
          headers: ["Idempotent-Replayed"],
        },
      },
      errors: [
        ...BODY_ERRORS,
        "ORDER_NOT_FOUND_ERROR",
        "CONFLICT_ERROR",
        "QUOTA_EXCEEDED_ERROR",
        "IDEMPOTENCY_ERROR",
      ],
    }),
    validate("header", idempotencyHeaders),
    validate("json", orderEventInput),
    async (c) => {
      const input = c.req.valid("json");
      const key = c.req.valid("header")["Idempotency-Key"];
      const ids = [input.order_event_id, input.partner_event_id];
      const command = await newCommand(c, input.order_id, { key, ids, content: input });
      const new_order_event_id = crypto.randomUUID();
      const ledger = ledgerOf(c, input.order_id);
      const outcome = await inCurrentDataset(c, ({ known }) =>
        awaitOutcome(
          c,
          ledger.appendOrderEvent({ ...command, dataset: known, input, new_order_event_id }),
        ),
      );
      return c.json(resultOrThrow(c, outcome), 200);
    },
  )
  .delete(
    "/v2/order_events/:order_event_id",
    describeOperation({
      tag,
      operationId: "deleteOrderEvent",
      summary: "Delete an order event",
      description:
        "Deletes an order event. Its IDs can then be used again. A capture can't be deleted while refunds depend on it.",
      responses: { 204: { description: "The order event was deleted" } },
      errors: ["INVALID_REQUEST_ERROR", "ORDER_EVENT_NOT_FOUND_ERROR", "CONFLICT_ERROR"],
    }),
    validate("param", orderEventPath),
    async (c) => {
      const { order_event_id } = c.req.valid("param");
      const outcome = await inCurrentDataset(c, async (dataset) => {
        const order_id = await findOrderOfEvent(dataset, order_event_id);
        if (order_id === undefined) return refuse(unknownOrderEvent(order_event_id));
        const command = {
          ...(await newCommand(c, order_id)),
          dataset: dataset.known,
          order_event_id,
        };
        return awaitOutcome(c, ledgerOf(c, order_id).deleteOrderEvent(command));
      });
      resultOrThrow(c, outcome);
      return c.body(null, 204);
    },
  );
