import type { Warning } from "./warnings.ts";

/** What each warning means, for the reference and the console. */
export const WARNING_MEANINGS: Record<Warning["code"], string> = {
  unknown_field:
    "The contract has no such field. It was ignored; a strict environment returns 400.",
  unknown_parameter:
    "The contract has no such query parameter. It was ignored; a strict environment returns 400.",
  limit_reduced: "The `limit` was above the maximum and was reduced to it.",
  captured_beyond_total: "More is captured than was ordered. The contract allows this.",
  refund_without_rewards: "The refund returns no rewards, although captured rewards remain.",
  not_repeatable:
    "The request has neither an ID nor an `Idempotency-Key`. Repeating it takes effect again.",
  not_published:
    "The response depends on a header that production may ignore: it repeats an earlier response by its `Idempotency-Key`, or follows `If-Match`.",
};
