import { Hono } from "hono";
import { etagOf, versionsOf } from "../http/conditional.ts";
import { runCommand } from "../http/command.ts";
import type { AppEnv } from "../http/context.ts";
import { BODY_ERRORS, describeOperation } from "../http/describe.ts";
import { idempotencyOf } from "../http/idempotency.ts";
import { requirePage } from "../http/pagination.ts";
import { limitBody, requireJson, validate, validateHeaders } from "../http/validate.ts";
import { changeHeaders, postHeaders, readHeaders } from "../schemas/headers.ts";
import { order, orderInput, orderList, orderPath, orderQuery } from "../schemas/orders.ts";
import { listOrders } from "../store/orders.ts";

const tag = "Orders";

export const orders = new Hono<AppEnv>()
  .get(
    "/v2/orders",
    describeOperation({
      tag,
      operationId: "listOrders",
      summary: "Retrieve orders",
      description: "A page of the partner's orders, newest first. Filters combine.",
      answers: { 200: { description: "The orders", schema: orderList, headers: ["ETag"] } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validateHeaders(readHeaders),
    validate("query", orderQuery),
    async (c) => {
      const { limit, starting_after, ...filter } = c.req.valid("query");
      const page = requirePage(
        await listOrders(c.get("db"), c.get("apiKey").partner_id, filter, {
          limit,
          starting_after,
        }),
        starting_after,
      );
      const [only] = page.data;
      if (filter.id !== undefined && only) c.header("ETag", etagOf(only.version));
      return c.json({ ...page, data: page.data.map((each) => each.order) }, 200);
    },
  )
  .post(
    "/v2/orders",
    describeOperation({
      tag,
      operationId: "createOrder",
      summary: "Create an order",
      description: "The same order again, by its id, is answered with the order that there is.",
      answers: {
        200: { description: "The order", schema: order, headers: ["ETag", "Idempotent-Replayed"] },
      },
      errors: [...BODY_ERRORS, "CONFLICT_ERROR", "IDEMPOTENCY_ERROR"],
    }),
    validateHeaders(postHeaders),
    limitBody,
    requireJson,
    validate("json", orderInput),
    async (c) => {
      const input = c.req.valid("json");
      const orderId = input.id ?? crypto.randomUUID();
      const key = c.req.valid("header")["Idempotency-Key"];
      const { value, version } = await runCommand(
        c,
        "createOrder",
        orderId,
        { input },
        await idempotencyOf(c, key, input),
      );
      return c.json(value, 200, { ETag: etagOf(version) });
    },
  )
  .put(
    "/v2/orders/:order_id",
    describeOperation({
      tag,
      operationId: "putOrder",
      summary: "Replace an order",
      description:
        "Puts the body in the order's place: an optional field that is left out is cleared, but for `created_at`.",
      answers: { 200: { description: "The order", schema: order, headers: ["ETag"] } },
      errors: [
        ...BODY_ERRORS,
        "ORDER_NOT_FOUND_ERROR",
        "CONFLICT_ERROR",
        "PRECONDITION_FAILED_ERROR",
      ],
    }),
    validate("param", orderPath),
    validateHeaders(changeHeaders),
    limitBody,
    requireJson,
    validate("json", orderInput),
    async (c) => {
      const { value, version } = await runCommand(
        c,
        "replaceOrder",
        c.req.valid("param").order_id,
        {
          input: c.req.valid("json"),
          expected_versions: versionsOf(c.req.valid("header")["If-Match"]),
        },
      );
      return c.json(value, 200, { ETag: etagOf(version) });
    },
  )
  .delete(
    "/v2/orders/:order_id",
    describeOperation({
      tag,
      operationId: "deleteOrder",
      summary: "Delete an order",
      description: "An order that has events can't be deleted. The id is free again afterwards.",
      answers: { 204: { description: "The order is deleted" } },
      errors: [
        "INVALID_REQUEST_ERROR",
        "ORDER_NOT_FOUND_ERROR",
        "CONFLICT_ERROR",
        "PRECONDITION_FAILED_ERROR",
      ],
    }),
    validate("param", orderPath),
    validateHeaders(changeHeaders),
    async (c) => {
      await runCommand(c, "deleteOrder", c.req.valid("param").order_id, {
        expected_versions: versionsOf(c.req.valid("header")["If-Match"]),
      });
      return c.body(null, 204);
    },
  );
