import { Hono } from "hono";
import { unknownOrderEvent } from "../domain/order-events.ts";
import { runCommand } from "../http/command.ts";
import type { AppEnv } from "../http/context.ts";
import { BODY_ERRORS, describeOperation } from "../http/describe.ts";
import { ApiError } from "../http/errors.ts";
import { idempotencyOf } from "../http/idempotency.ts";
import { requirePage } from "../http/pagination.ts";
import { limitBody, requireJson, validate, validateHeaders } from "../http/validate.ts";
import { postHeaders, readHeaders } from "../schemas/headers.ts";
import {
  orderEvent,
  orderEventInput,
  orderEventList,
  orderEventPath,
  orderEventQuery,
} from "../schemas/order-events.ts";
import { findOrderOfEvent, listOrderEvents } from "../store/order-events.ts";

const tag = "Order Events";

export const orderEvents = new Hono<AppEnv>()
  .get(
    "/v2/order_events",
    describeOperation({
      tag,
      operationId: "listOrderEvents",
      summary: "Retrieve order events",
      description: "A page of the partner's order events, newest first. Filters combine.",
      answers: { 200: { description: "The order events", schema: orderEventList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validateHeaders(readHeaders),
    validate("query", orderEventQuery),
    async (c) => {
      const { limit, starting_after, ...filter } = c.req.valid("query");
      const partnerId = c.get("apiKey").partner_id;
      const page = await listOrderEvents(c.get("db"), partnerId, filter, { limit, starting_after });
      return c.json(requirePage(page, starting_after), 200);
    },
  )
  .post(
    "/v2/order_events",
    describeOperation({
      tag,
      operationId: "postOrderEvent",
      summary: "Create an order event",
      description:
        "Tells of a capture or a refund. A refund beyond what was captured is refused. The same event again, by one of its ids, is answered with the event that there is.",
      answers: {
        200: {
          description: "The order event",
          schema: orderEvent,
          headers: ["Idempotent-Replayed"],
        },
      },
      errors: [...BODY_ERRORS, "ORDER_NOT_FOUND_ERROR", "CONFLICT_ERROR", "IDEMPOTENCY_ERROR"],
    }),
    validateHeaders(postHeaders),
    limitBody,
    requireJson,
    validate("json", orderEventInput),
    async (c) => {
      const input = c.req.valid("json");
      const key = c.req.valid("header")["Idempotency-Key"];
      const { value } = await runCommand(
        c,
        "appendOrderEvent",
        input.order_id,
        { input, new_order_event_id: crypto.randomUUID() },
        await idempotencyOf(c, key, input),
      );
      return c.json(value, 200);
    },
  )
  .delete(
    "/v2/order_events/:order_event_id",
    describeOperation({
      tag,
      operationId: "deleteOrderEvent",
      summary: "Delete an order event",
      description:
        "A capture that refunds depend on can't be deleted. The ids are free again afterwards.",
      answers: { 204: { description: "The order event is deleted" } },
      errors: ["INVALID_REQUEST_ERROR", "ORDER_EVENT_NOT_FOUND_ERROR", "CONFLICT_ERROR"],
    }),
    validate("param", orderEventPath),
    async (c) => {
      const { order_event_id } = c.req.valid("param");
      const partnerId = c.get("apiKey").partner_id;
      const orderId = await findOrderOfEvent(c.get("db"), partnerId, order_event_id);
      if (orderId === undefined) throw new ApiError(unknownOrderEvent(order_event_id));
      await runCommand(c, "deleteOrderEvent", orderId, { order_event_id });
      return c.body(null, 204);
    },
  );
