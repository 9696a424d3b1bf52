import * as z from "zod";
import { FINDING_MEANINGS } from "../domain/finding-meanings.ts";
import { FINDINGS } from "../domain/reconciliation.ts";
import { MAX_PAGE_BYTES } from "../domain/stored-bytes.ts";
import { TRANSACTION_STATUSES } from "../domain/transactions.ts";
import { id, reference } from "./fields.ts";
import { limit, listOf } from "./pages.ts";

const sum = (what: string, example: number) =>
  z.int().meta({ description: `${what}, in the minor unit`, examples: [example] });

const network_transaction_id = reference.meta({
  description: "The ID that joins order events and card transactions",
  examples: ["txn-789456"],
});

const finding = z.enum(FINDINGS).meta({
  description: FINDINGS.map((name) => `\`${name}\`: ${FINDING_MEANINGS[name]}`).join(" "),
  examples: ["not_reported"],
});

const card = z
  .object({
    captured: sum("Captured on the card", 5000),
    refunded: sum("Refunded on the card", 0),
    currency: z.string().meta({ description: "ISO 4217 code", examples: ["USD"] }),
    payment_method_id: z.string().meta({ description: "The card's payment method" }),
    status: z.enum(TRANSACTION_STATUSES).meta({ description: "The transaction's status" }),
  })
  .meta({ id: "CardSide" });

const orderEvents = z
  .object({
    captured: sum("Captured according to all order events with this ID", 5000),
    refunded: sum("Refunded according to all order events with this ID", 0),
    ids: z
      .array(z.string())
      .meta({ description: "The newest order events with this ID, at most 100" }),
    order_ids: z.array(z.string()).meta({ description: "The orders of these events" }),
  })
  .meta({ id: "OrderEventSide" });

const reconciledTransaction = z
  .object({
    network_transaction_id,
    transaction_id: z
      .string()
      .optional()
      .meta({ description: "The ID of the card transaction; left out if none exists" }),
    card: card.optional().meta({ description: "Left out if no card transaction exists" }),
    order_events: orderEvents,
    findings: z.array(finding).meta({ description: "Empty if both sides agree" }),
  })
  .meta({ id: "ReconciledTransaction" });

export const orderReconciliation = z
  .object({
    order_id: z.string().meta({ examples: ["order-1"] }),
    agrees: z.boolean().meta({ description: "Whether both sides of every transaction agree" }),
    has_more: z.boolean().meta({
      description: `Whether compared transactions are left out, because the response would be longer than ${MAX_PAGE_BYTES / 1_000} KB`,
    }),
    transactions: z.array(reconciledTransaction).meta({ description: "Oldest first" }),
  })
  .meta({ id: "OrderReconciliation" });

export const reconciliationList = listOf(reconciledTransaction, "ReconciliationList");

export const reconciliationQuery = z.object({
  finding: finding.optional(),
  network_transaction_id: network_transaction_id.optional().meta({
    description: "Only this `network_transaction_id`, even if both sides agree",
    examples: ["txn-789456"],
  }),
  limit: limit(),
  starting_after: reference.optional().meta({
    description: "The network_transaction_id of the last item of the previous page",
    examples: ["txn-1"],
  }),
});

export const reconciliationPath = z.object({
  order_id: id.meta({ description: "The order's ID", examples: ["order-1"] }),
});
