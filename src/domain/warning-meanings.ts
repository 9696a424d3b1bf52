import type { Warning } from "./warnings.ts";

/** The meaning of each warning, for the reference and the console. */
export const WARNING_MEANINGS: Record<Warning["code"], string> = {
  unknown_field:
    "The contract has no such field. It was ignored; a strict environment returns 400.",
  unknown_parameter:
    "The contract has no such query parameter. It was ignored; a strict environment returns 400.",
  duplicate_field:
    "An object has this field more than once. The last value counts; a strict environment returns 400.",
  refunded_beyond_captured:
    "More is refunded than was captured. The environment was created to accept this.",
  limit_reduced: "The `limit` was above the maximum and was reduced to it.",
  captured_beyond_total: "More is captured than was ordered. The contract allows this.",
  refund_without_rewards: "The refund returns no rewards, although captured rewards remain.",
  captured_beyond_authorization:
    "More is captured than was authorized. The card networks allow this, for example for tips.",
  unknown_transaction: "No simulated transaction has this `network_transaction_id`.",
  amount_beyond_transaction:
    "Order events report more than the card captured or refunded under this `network_transaction_id`.",
  currency_differs: "The order event's currency is not the card transaction's.",
  payment_method_differs: "The order's payment method is not the card transaction's.",
  not_repeatable:
    "The request has neither an ID nor an `Idempotency-Key`. Repeating it takes effect again.",
  unpublished_header:
    "Production may ignore the `Idempotency-Key` or `If-Match` header, which decided this response.",
};
