import { Hono } from "hono";
import { playStory } from "../../domain/transaction-stories.ts";
import { unknownTransaction } from "../../domain/transaction-refusals.ts";
import { MAX_TRANSACTION_EVENTS } from "../../domain/simulate-card-event.ts";
import { toPublishedEvent, toPublishedTransaction } from "../../domain/transactions.ts";
import type { AppEnv } from "../../http/context.ts";
import { inCurrentDataset } from "../../http/dataset.ts";
import { ApiError } from "../../http/errors.ts";
import { resultOrThrow } from "../../http/ledger.ts";
import { requirePage } from "../../http/pagination.ts";
import { simulate, transactionDefaults } from "../../http/card-simulation.ts";
import { validate } from "../../http/validate.ts";
import { simulateStory } from "../../store/simulate-card-event.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
import {
  transactionWithEvents,
  storyInput,
  transactionList,
  transactionPath,
  transactionQuery,
} from "../../schemas/transactions.ts";
import {
  findTransaction,
  findTransactionEvents,
  listTransactions,
} from "../../store/transactions.ts";

const tag = "Sandbox";

export const sandboxTransactions = new Hono<AppEnv>()
  .post(
    "/sandbox/transactions",
    describeOperation({
      tag,
      operationId: "simulateStory",
      summary: "Simulate a transaction with all its events",
      description:
        "Simulates a card transaction with all of its events in one call. The events are the same as from separate calls of `POST /v2/simulate_transaction_event`.",
      responses: {
        200: { description: "The transaction and its events", schema: transactionWithEvents },
      },
      errors: [...BODY_ERRORS, "CONFLICT_ERROR", "QUOTA_EXCEEDED_ERROR"],
    }),
    validate("json", storyInput),
    async (c) => {
      const { payment_method_id = crypto.randomUUID(), ...input } = c.req.valid("json");
      const first = await transactionDefaults(payment_method_id);
      const played = playStory({ ...input, payment_method_id }, (index) =>
        index === 0 ? first : { ...first, event_id: crypto.randomUUID() },
      );
      if (!played.ok) throw new ApiError(played.refusal);
      const outcome = await simulate(c, (dataset) => simulateStory(dataset, played.result));
      const events = resultOrThrow(c, outcome);
      return c.json(
        {
          transaction: toPublishedTransaction(events.at(-1)!.transaction),
          events: events.map(({ event }) => toPublishedEvent(event)),
        },
        200,
      );
    },
  )
  .get(
    "/sandbox/transactions",
    describeOperation({
      tag,
      operationId: "listTransactions",
      summary: "List transactions",
      description: "Returns a page of the environment's simulated transactions, newest first.",
      responses: { 200: { description: "The transactions", schema: transactionList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", transactionQuery),
    async (c) => {
      const { limit, starting_after } = c.req.valid("query");
      const page = await inCurrentDataset(c, (dataset) =>
        listTransactions(dataset, undefined, { limit, starting_after }),
      );
      const { data, ...rest } = requirePage(page, starting_after);
      return c.json({ ...rest, data: data.map(toPublishedTransaction) }, 200);
    },
  )
  .get(
    "/sandbox/transactions/:transaction_id",
    describeOperation({
      tag,
      operationId: "getTransactionWithEvents",
      summary: "Retrieve a transaction with its events",
      description: "Returns one simulated transaction and its events, oldest first.",
      responses: {
        200: { description: "The transaction and its events", schema: transactionWithEvents },
      },
      errors: ["INVALID_REQUEST_ERROR", "TRANSACTION_FOUND_ERROR"],
    }),
    validate("param", transactionPath),
    async (c) => {
      const { transaction_id } = c.req.valid("param");
      const { transaction, events } = await inCurrentDataset(c, async (dataset) => ({
        transaction: await findTransaction(dataset, transaction_id),
        events: await findTransactionEvents(dataset, transaction_id, MAX_TRANSACTION_EVENTS),
      }));
      if (!transaction) throw new ApiError(unknownTransaction(transaction_id));
      return c.json(
        { transaction: toPublishedTransaction(transaction), events: events.map(toPublishedEvent) },
        200,
      );
    },
  );
