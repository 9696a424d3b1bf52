import { Hono } from "hono";
import { unknownOrder } from "../../domain/orders.ts";
import { toPublishedReconciliation } from "../../domain/reconciliation.ts";
import { untilTooLong } from "../../domain/stored-bytes.ts";
import type { AppEnv } from "../../http/context.ts";
import { inCurrentDataset } from "../../http/dataset.ts";
import { ApiError } from "../../http/errors.ts";
import { requirePage } from "../../http/pagination.ts";
import { validate } from "../../http/validate.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import {
  orderReconciliation,
  reconciliationList,
  reconciliationPath,
  reconciliationQuery,
} from "../../schemas/reconciliation.ts";
import {
  findReconciliation,
  listDisagreements,
  MAX_ORDER_TRANSACTIONS,
  reconcileOrder,
} from "../../store/reconciliations.ts";

const tag = "Sandbox";

export const reconciliation = new Hono<AppEnv>()
  .get(
    "/sandbox/orders/:order_id/reconciliation",
    describeOperation({
      tag,
      operationId: "reconcileOrder",
      summary: "Compare an order with its card transactions",
      description: `For each \`network_transaction_id\` in the order's events, compares the amounts that the card captured and refunded with the sums of all order events that name it. These may include events of other orders. Order events may report money that the card has not moved yet: that is no disagreement, but the event's response has the warning \`amount_beyond_transaction\`. Without simulated transactions, the list is empty. At most ${MAX_ORDER_TRANSACTIONS} transactions are compared: those reported last.`,
      responses: {
        200: { description: "Both sides of each transaction", schema: orderReconciliation },
      },
      errors: ["INVALID_REQUEST_ERROR", "ORDER_NOT_FOUND_ERROR"],
    }),
    validate("param", reconciliationPath),
    async (c) => {
      const { order_id } = c.req.valid("param");
      const found = await inCurrentDataset(c, (dataset) => reconcileOrder(dataset, order_id));
      if (!found) throw new ApiError(unknownOrder(order_id));
      const all = found.map(toPublishedReconciliation);
      const agrees = all.every(({ findings }) => findings.length === 0);
      const transactions = untilTooLong(all);
      const has_more = transactions.length < all.length;
      return c.json({ order_id, agrees, has_more, transactions }, 200);
    },
  )
  .get(
    "/sandbox/reconciliation",
    describeOperation({
      tag,
      operationId: "listDisagreements",
      summary: "List disagreements",
      description:
        "Returns a page of the environment's `network_transaction_id`s whose card transaction and order events disagree, newest first, including those that no order event names. With the filter `network_transaction_id`, returns both sides of that transaction, even if they agree. An order event with a wrong `network_transaction_id` appears twice: as `unknown_transaction`, and as `not_reported` under the right one. An amount reported twice is `amount_differs`.",
      responses: { 200: { description: "The disagreements", schema: reconciliationList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", reconciliationQuery),
    async (c) => {
      const { finding, network_transaction_id, limit, starting_after } = c.req.valid("query");
      if (network_transaction_id !== undefined) {
        const found = await inCurrentDataset(c, (dataset) =>
          findReconciliation(dataset, network_transaction_id, finding),
        );
        const data = found ? [toPublishedReconciliation(found)] : [];
        return c.json({ data, has_more: false, total: data.length }, 200);
      }
      const page = await inCurrentDataset(c, (dataset) =>
        listDisagreements(dataset, finding, { limit, starting_after }),
      );
      const { data, ...rest } = requirePage(page, starting_after, "network_transaction_id");
      return c.json({ ...rest, data: data.map(toPublishedReconciliation) }, 200);
    },
  );
