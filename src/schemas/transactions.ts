import * as z from "zod";
import { withoutNulls } from "../domain/complete.ts";
import { STORIES, type StoryInput } from "../domain/transaction-stories.ts";
import {
  PURCHASE_METHODS,
  TRANSACTION_STATUSES,
  type Merchant,
  type TransactionEventInput,
} from "../domain/transactions.ts";
import { currency, id, money, reference, responseTimestamp, text } from "./fields.ts";
import { address } from "./orders.ts";
import { limit, listOf, startingAfter } from "./pages.ts";
import type { SchemaPerField } from "./schema-per-field.ts";

/** Accepts an empty string as no value, because the contract's examples contain empty strings. */
const orEmpty = <Field extends z.ZodType>(field: Field) => z.union([z.literal(""), field]);

const status = z.enum(TRANSACTION_STATUSES).meta({
  description: "What happened. It is also the transaction's status after the event",
  examples: ["CAPTURED"],
});

const merchant = z
  .object({
    network_id: text
      .optional()
      .meta({ description: "The merchant's ID in the card network", examples: ["234923454545"] }),
    name: text.optional().meta({ description: "The merchant's name", examples: ["Target"] }),
    category: text
      .nullish()
      .meta({ description: "The merchant's category", examples: ["Grocery Stores"] }),
    category_code: text
      .nullish()
      .meta({ description: "The code of the category", examples: ["5411"] }),
    address: address.optional(),
  } satisfies SchemaPerField<Merchant>)
  .transform((sent): Merchant => withoutNulls(sent))
  .meta({ id: "Merchant" });

const ids = {
  transaction_id: id.meta({
    description: "The transaction's ID",
    examples: ["e2806932-5f1b-4518-8b15-156d773e9496"],
  }),
  event_id: id.meta({
    description: "The event's ID",
    examples: ["0b0c2a6e-3f0e-4f0c-9f6a-0d6c9a1f7a55"],
  }),
  customer_id: id.meta({
    description: "The customer",
    examples: ["e0549550-90e9-4acb-b7e9-2e4738b7def2"],
  }),
  payment_method_id: reference.meta({
    description: "The payment method",
    examples: ["7f754378-dd84-4a9a-b1ce-0646bb769c29"],
  }),
  network_transaction_id: reference.meta({
    description: "The transaction's ID in the card network, which order events name",
    examples: ["txn-789456"],
  }),
};

const authorization_code = text.meta({
  description: "The code of the authorization",
  examples: ["645432"],
});
const purchase_method = z
  .enum(PURCHASE_METHODS)
  .meta({ description: "How the purchase was completed", examples: ["ONLINE"] });
const isoCurrency = currency.meta({ description: "ISO 4217 code", examples: ["USD"] });

/** A request to simulate a transaction event. */
export const transactionEventInput = z
  .object({
    payment_method_id: ids.payment_method_id,
    status,
    event_id: orEmpty(ids.event_id).optional().meta({
      description:
        "With `REFUNDED` and a `transaction_id`: the event ID of the capture to refund, required. Otherwise the new event's ID; defaults to a UUID",
    }),
    transaction_id: orEmpty(ids.transaction_id).optional().meta({
      description:
        "The transaction that the event belongs to. `APPROVED` creates one; `CAPTURED` and `REFUNDED` without it are a force capture and a blind refund",
    }),
    customer_id: orEmpty(ids.customer_id).optional().meta({
      description:
        "Defaults to the customer of the payment method's latest transaction, else to an ID derived from the payment method",
    }),
    amount: money.optional().meta({
      description:
        "Amount in the minor unit. A capture defaults to the rest of the authorization, a refund to the rest of its capture",
      examples: [5000],
    }),
    currency: isoCurrency.optional().meta({ description: "ISO 4217 code; defaults to USD" }),
    authorization_code: orEmpty(authorization_code).nullish(),
    network_transaction_id: orEmpty(ids.network_transaction_id).nullish().meta({
      description: "The transaction's ID in the card network; defaults to a generated one",
    }),
    purchase_method: purchase_method.nullish(),
    merchant: merchant.optional(),
  } satisfies SchemaPerField<TransactionEventInput>)
  .transform((sent): TransactionEventInput => withoutEmpty(withoutNulls(sent)))
  .meta({ id: "TransactionEventInput" });

function withoutEmpty<T extends object>(input: T): T {
  return Object.fromEntries(Object.entries(input).filter(([, content]) => content !== "")) as T;
}

/** The published response to a simulated event. */
export const transactionEvent = z
  .object({ transaction_id: ids.transaction_id, event_id: ids.event_id, status })
  .meta({ id: "TransactionEvent" });

export const transaction = z
  .object({
    id: ids.transaction_id,
    customer_id: ids.customer_id,
    payment_method_id: ids.payment_method_id,
    amount: money.meta({
      description: "The captured amount once there is a capture, else the authorized amount",
      examples: [5000],
    }),
    currency: z.string().meta({ description: "ISO 4217 code", examples: ["USD"] }),
    status,
    network_transaction_id: ids.network_transaction_id,
    authorization_code: authorization_code.optional(),
    purchase_method: purchase_method.optional(),
    merchant: merchant.optional(),
    created_at: responseTimestamp,
    updated_at: responseTimestamp,
  })
  .meta({ id: "Transaction" });

export const transactionList = listOf(transaction, "TransactionList");

export const transactionPath = z.object({ transaction_id: ids.transaction_id });
export const customerPath = z.object({ customer_id: ids.customer_id });

export const transactionQuery = z.object({
  limit: limit(),
  starting_after: startingAfter("e2806932-5f1b-4518-8b15-156d773e9496"),
});

/** A request to simulate a whole story. */
export const storyInput = z
  .object({
    story: z.enum(STORIES).meta({
      description:
        "The events to simulate: `captured`, `captured_in_two`, `voided`, `partly_refunded` (half), `refunded`, `tip_added` (a fifth above the authorization), `force_captured` or `blind_refund`",
      examples: ["captured"],
    }),
    amount: money.meta({ description: "Amount in the minor unit", examples: [5000] }),
    payment_method_id: ids.payment_method_id
      .optional()
      .meta({ description: "Defaults to a generated ID" }),
    customer_id: ids.customer_id.optional(),
    currency: isoCurrency.optional().meta({ description: "ISO 4217 code; defaults to USD" }),
    network_transaction_id: ids.network_transaction_id
      .optional()
      .meta({ description: "Defaults to a generated ID" }),
  } satisfies SchemaPerField<StoryInput>)
  .meta({ id: "StoryInput" });

export const simulatedEvent = z
  .object({
    event_id: ids.event_id,
    status,
    amount: money.meta({ description: "The event's amount in the minor unit", examples: [5000] }),
    created_at: responseTimestamp,
  })
  .meta({ id: "SimulatedEvent" });

export const transactionWithEvents = z
  .object({
    transaction,
    events: z.array(simulatedEvent).meta({ description: "Oldest first" }),
  })
  .meta({ id: "TransactionWithEvents" });
