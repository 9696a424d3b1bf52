import type { Finding } from "./reconciliation.ts";

/** The meaning of each finding, for the reference and the console. */
export const FINDING_MEANINGS: Record<Finding, string> = {
  unknown_transaction: "No card transaction has this `network_transaction_id`.",
  not_reported: "The card captured or refunded money that no order event reports.",
  amount_differs: "Both sides captured or refunded money, but different sums.",
  currency_differs: "The currency of an order event differs from the card transaction's.",
  payment_method_differs: "The payment method of an order differs from the card transaction's.",
  event_after_void: "The card transaction is voided, but an order event names it.",
};
