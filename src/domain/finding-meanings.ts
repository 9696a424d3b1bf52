import type { Finding } from "./reconciliation.ts";

/** What each finding means, for the reference and the console. */
export const FINDING_MEANINGS: Record<Finding, string> = {
  unknown_transaction: "No card transaction has this `network_transaction_id`.",
  not_reported: "The card captured or refunded money, and no order event reports it.",
  amount_differs: "Both sides captured or refunded money, but different sums.",
  currency_differs: "An order event is in another currency than the card transaction.",
  payment_method_differs:
    "An order event belongs to an order with another payment method than the card transaction's.",
  event_after_void: "The card transaction is voided, but an order event names it.",
};
