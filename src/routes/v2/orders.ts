import { Hono } from "hono";
import { formatETag, parseIfMatch } from "../../http/etag.ts";
import type { AppEnv } from "../../http/context.ts";
import { newCommand, ledgerOf, awaitOutcome, resultOrThrow } from "../../http/ledger.ts";
import { requirePage } from "../../http/pagination.ts";
import { validate } from "../../http/validate.ts";
import { inCurrentDataset } from "../../http/dataset.ts";
import { createOrder } from "../../store/create-order.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
import { conditionalHeaders, idempotencyHeaders } from "../../schemas/request-headers.ts";
import { order, orderInput, orderList, orderPath, orderQuery } from "../../schemas/orders.ts";
import { listOrders } from "../../store/orders.ts";

const tag = "Orders";

export const orders = new Hono<AppEnv>()
  .get(
    "/v2/orders",
    describeOperation({
      tag,
      operationId: "listOrders",
      summary: "Retrieve orders",
      description:
        "Returns a page of the environment's orders, newest first. An order must match all filters.",
      responses: { 200: { description: "The orders", schema: orderList, headers: ["ETag"] } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", orderQuery),
    async (c) => {
      const { limit, starting_after, ...filter } = c.req.valid("query");
      const page = await inCurrentDataset(c, (dataset) =>
        listOrders(dataset, filter, { limit, starting_after }),
      );
      const { data, has_more, total } = requirePage(page, starting_after);
      const [only] = data;
      if (filter.id !== undefined && only) c.header("ETag", formatETag(only.version));
      return c.json({ data: data.map((each) => each.order), has_more, total }, 200);
    },
  )
  .post(
    "/v2/orders",
    describeOperation({
      tag,
      operationId: "createOrder",
      summary: "Create an order",
      description:
        "Creates an order. Repeating an order with the same ID returns the stored order. The header `Idempotency-Key` makes an order without an ID safe to retry.",
      responses: {
        200: { description: "The order", schema: order, headers: ["ETag", "Idempotent-Replayed"] },
      },
      errors: [...BODY_ERRORS, "CONFLICT_ERROR", "QUOTA_EXCEEDED_ERROR", "IDEMPOTENCY_ERROR"],
    }),
    validate("header", idempotencyHeaders),
    validate("json", orderInput),
    async (c) => {
      const input = c.req.valid("json");
      const key = c.req.valid("header")["Idempotency-Key"];
      const orderId = input.id ?? crypto.randomUUID();
      const command = await newCommand(c, orderId, { key, ids: [input.id], content: input });
      const outcome = await inCurrentDataset(c, (dataset) =>
        createOrder(dataset, { ...command, input }),
      );
      const stored = resultOrThrow(c, outcome);
      return c.json(stored.order, 200, { ETag: formatETag(stored.version) });
    },
  )
  .put(
    "/v2/orders/:order_id",
    describeOperation({
      tag,
      operationId: "putOrder",
      summary: "Replace an order",
      description:
        "Replaces the order with the body. Optional fields that are left out are cleared, except `created_at`. With the header `If-Match`, replaces it only if it still has that `ETag`.",
      responses: { 200: { description: "The order", schema: order, headers: ["ETag"] } },
      errors: [
        ...BODY_ERRORS,
        "ORDER_NOT_FOUND_ERROR",
        "CONFLICT_ERROR",
        "QUOTA_EXCEEDED_ERROR",
        "PRECONDITION_FAILED_ERROR",
      ],
    }),
    validate("param", orderPath),
    validate("header", conditionalHeaders),
    validate("json", orderInput),
    async (c) => {
      const { order_id } = c.req.valid("param");
      const expected_versions = parseIfMatch(c.req.valid("header")["If-Match"]);
      const input = c.req.valid("json");
      const command = { ...(await newCommand(c, order_id)), expected_versions, input };
      const ledger = ledgerOf(c, order_id);
      const outcome = await inCurrentDataset(c, ({ known }) =>
        awaitOutcome(c, ledger.replaceOrder({ ...command, dataset: known })),
      );
      const stored = resultOrThrow(c, outcome);
      return c.json(stored.order, 200, { ETag: formatETag(stored.version) });
    },
  )
  .delete(
    "/v2/orders/:order_id",
    describeOperation({
      tag,
      operationId: "deleteOrder",
      summary: "Delete an order",
      description:
        "Deletes an order without events. Its ID can then be used again. With the header `If-Match`, deletes it only if it still has that `ETag`.",
      responses: { 204: { description: "The order was deleted" } },
      errors: [
        "INVALID_REQUEST_ERROR",
        "ORDER_NOT_FOUND_ERROR",
        "CONFLICT_ERROR",
        "PRECONDITION_FAILED_ERROR",
      ],
    }),
    validate("param", orderPath),
    validate("header", conditionalHeaders),
    async (c) => {
      const { order_id } = c.req.valid("param");
      const expected_versions = parseIfMatch(c.req.valid("header")["If-Match"]);
      const command = { ...(await newCommand(c, order_id)), expected_versions };
      const ledger = ledgerOf(c, order_id);
      const outcome = await inCurrentDataset(c, ({ known }) =>
        awaitOutcome(c, ledger.deleteOrder({ ...command, dataset: known })),
      );
      resultOrThrow(c, outcome);
      return c.body(null, 204);
    },
  );
