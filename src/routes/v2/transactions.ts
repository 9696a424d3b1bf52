import { Hono } from "hono";
import { unknownCustomer, unknownTransaction } from "../../domain/transaction-refusals.ts";
import { MAX_TRANSACTION_EVENTS } from "../../domain/simulate-card-event.ts";
import { toPublishedTransaction } from "../../domain/transactions.ts";
import type { AppEnv } from "../../http/context.ts";
import { inCurrentDataset } from "../../http/dataset.ts";
import { bareError } from "../../http/errors.ts";
import { requirePage } from "../../http/pagination.ts";
import { repeatableRequest } from "../../http/ledger.ts";
import { simulate, simulationResultOf, transactionDefaults } from "../../http/card-simulation.ts";
import { validate } from "../../http/validate.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
import { idempotencyHeaders } from "../../schemas/request-headers.ts";
import {
  customerPath,
  transaction,
  transactionEvent,
  transactionEventInput,
  transactionList,
  transactionPath,
  transactionQuery,
} from "../../schemas/transactions.ts";
import { simulateTransactionEvent } from "../../store/simulate-card-event.ts";
import { findTransaction, listTransactions } from "../../store/transactions.ts";

const tag = "Transactions";

export const transactions = new Hono<AppEnv>()
  .post(
    "/v2/simulate_transaction_event",
    describeOperation({
      tag,
      operationId: "simulateTransactionEvent",
      summary: "Simulate a transaction event",
      description: `Simulates an event of a card transaction. \`APPROVED\` creates a transaction, and \`UPDATED\`, \`VOIDED\` and \`CAPTURED\` change it. Without a \`transaction_id\`, \`CAPTURED\` is a force capture and \`REFUNDED\` a blind refund. A refund with a \`transaction_id\` sends the \`event_id\` of the capture to refund, gets an ID of its own, and can be repeated to refund more. Repeating any other event with its own \`event_id\` returns the stored event. A transaction can have ${MAX_TRANSACTION_EVENTS} events.`,
      responses: {
        200: {
          description: "The event",
          schema: transactionEvent,
          headers: ["Idempotent-Replayed"],
        },
      },
      errors: [
        ...BODY_ERRORS,
        // The contract publishes this name for an unknown transaction.
        "TRANSACTION_FOUND_ERROR",
        "CONFLICT_ERROR",
        "QUOTA_EXCEEDED_ERROR",
        "IDEMPOTENCY_ERROR",
      ],
      bareErrors: [409],
    }),
    validate("header", idempotencyHeaders),
    validate("json", transactionEventInput),
    async (c) => {
      const input = c.req.valid("json");
      const key = c.req.valid("header")["Idempotency-Key"];
      const request = await repeatableRequest(c, { key, content: input });
      const defaults = await transactionDefaults(input.payment_method_id);
      const outcome = await simulate(c, (dataset) =>
        simulateTransactionEvent(dataset, { input, defaults, request }),
      );
      const { network_transaction_id, ...event } = simulationResultOf(c, outcome);
      c.set("networkTransactionId", network_transaction_id);
      return c.json(event, 200);
    },
  )
  .get(
    "/v2/transactions/:transaction_id",
    describeOperation({
      tag,
      operationId: "getTransaction",
      summary: "Retrieve a transaction",
      description: "Returns one simulated card transaction.",
      responses: { 200: { description: "The transaction", schema: transaction } },
      errors: ["INVALID_REQUEST_ERROR", "TRANSACTION_FOUND_ERROR"],
      bareErrors: [404],
    }),
    validate("param", transactionPath),
    async (c) => {
      const { transaction_id } = c.req.valid("param");
      const found = await inCurrentDataset(c, (dataset) =>
        findTransaction(dataset, transaction_id),
      );
      if (!found) throw bareError(unknownTransaction(transaction_id));
      return c.json(toPublishedTransaction(found), 200);
    },
  )
  .get(
    "/v2/customers/:customer_id/transactions",
    describeOperation({
      tag,
      operationId: "getTransactions",
      summary: "List a customer's transactions",
      description: "Returns a page of a customer's simulated transactions, newest first.",
      responses: { 200: { description: "The transactions", schema: transactionList } },
      errors: ["INVALID_REQUEST_ERROR", "CUSTOMER_NOT_FOUND_ERROR"],
      bareErrors: [404],
    }),
    validate("param", customerPath),
    validate("query", transactionQuery),
    async (c) => {
      const { customer_id } = c.req.valid("param");
      const { limit, starting_after } = c.req.valid("query");
      const page = await inCurrentDataset(c, (dataset) =>
        listTransactions(dataset, customer_id, { limit, starting_after }),
      );
      if (page?.total === 0) throw bareError(unknownCustomer(customer_id));
      const { data, ...rest } = requirePage(page, starting_after);
      return c.json({ ...rest, data: data.map(toPublishedTransaction) }, 200);
    },
  );
