import { checkCard } from "./card-checks.ts";
import type { ReadinessFacts } from "./facts.ts";
import type { CheckGroup } from "./groups.ts";
import { checkDistinct, checkRepeatable } from "./identity-checks.ts";
import { checkKeyRotation } from "./key-checks.ts";
import {
  checkCancelledOrder,
  checkChangedOrder,
  checkFullRefund,
  checkLineRefund,
  checkPartialRefund,
  checkSeveralCaptures,
} from "./order-checks.ts";
import {
  checkAcknowledged,
  checkDuplicate,
  checkRedelivery,
  checkReordered,
  checkSignature,
} from "./notification-checks.ts";
import { checkLists, checkNames } from "./contract-checks.ts";
import { checkNoBlindRetries, checkRefusedRefund, REFUSAL_LIST } from "./refusal-checks.ts";
import { checkRetries } from "./retry-checks.ts";
import type { Verdict } from "./verdict.ts";
import { checkGrowingPauses, checkWaiting } from "./waiting-checks.ts";

interface Check {
  group: CheckGroup;
  title: string;
  /** The conditions to pass and to fail, for the reference. */
  rule: string;
  evaluate: (facts: ReadinessFacts) => Verdict;
}

/** The checks of one environment. The API, the reference, the program and the console follow from this record. */
export const CHECKS = {
  repeatable_creations: {
    group: "retries",
    title: "Every creation can be repeated",
    rule: "Every `POST` of an order or event that took effect had an ID in its body, or an `Idempotency-Key`.",
    evaluate: checkRepeatable,
  },
  distinct_creations: {
    group: "retries",
    title: "No two creations share an ID",
    rule: "At least two orders or events were created, and none was refused because its ID or `Idempotency-Key` belongs to one with other content.",
    evaluate: checkDistinct,
  },
  lost_response: {
    group: "retries",
    title: "A lost response is retried",
    rule: "After the fault `lost_response`, a creation was sent again with the same ID or `Idempotency-Key`, or found by a `GET` with its ID or partner ID, and took effect once. If the environment refuses the repeated ID with 409, only such a `GET` counts. It fails if the client neither sends it again nor reads it. It also fails if the client creates an event with the same order, type, amount and `network_transaction_id` under a new ID.",
    evaluate: checkRetries(["lost_response"], "lost the response"),
  },
  cut_response: {
    group: "retries",
    title: "A cut response is retried",
    rule: "The same after the fault `cut_response`.",
    evaluate: checkRetries(["cut_response"], "got a cut response"),
  },
  error_after_commit: {
    group: "retries",
    title: "An error after the commit is retried",
    rule: "The same after the fault `error_after_commit`.",
    evaluate: checkRetries(["error_after_commit"], "got an error after taking effect"),
  },
  proxy_page: {
    group: "retries",
    title: "A proxy's HTML page is handled",
    rule: "The same after the fault `bad_gateway` or `gateway_timeout`.",
    evaluate: checkRetries(["bad_gateway", "gateway_timeout"], "got a proxy's HTML page"),
  },
  unavailable: {
    group: "retries",
    title: "503 is retried after Retry-After",
    rule: "A write to an order or event that got the fault `unavailable` was sent again and succeeded. It fails if the write was sent again before `Retry-After` had passed, or not at all.",
    evaluate: checkWaiting("unavailable", 503),
  },
  rate_limited: {
    group: "retries",
    title: "429 is retried after Retry-After",
    rule: "The same for the fault `rate_limited`.",
    evaluate: checkWaiting("rate_limited", 429),
  },
  growing_pauses: {
    group: "retries",
    title: "Pauses between retries grow",
    rule: "A write got `unavailable` or `rate_limited` at least four times in a row, and a later pause was longer than the shortest one before it, by at least 10 % plus 10 ms. It fails if no pause grew. If no pause was longer than 1.5 times `Retry-After`, the status is `not_seen`, because the client may only have waited for that. To see the client's own pauses, set `retry_after` to 0.",
    evaluate: checkGrowingPauses,
  },
  no_blind_retries: {
    group: "refusals",
    title: "Refused requests aren't repeated",
    rule: `A write was refused with ${REFUSAL_LIST}, and was repeated at most once. It fails if the client repeated it unchanged two or more times, each within a minute of the previous attempt, while the order did not change.`,
    evaluate: checkNoBlindRetries,
  },
  refund_refused: {
    group: "refusals",
    title: "A refused refund is handled",
    rule: "A refund above the captured amount was refused with 409, and was repeated unchanged at most once. An environment that assumes `refund_beyond_captured: accepted` can't prove it.",
    evaluate: checkRefusedRefund,
  },
  several_captures: {
    group: "orders",
    title: "An order is captured in several events",
    rule: "An order got a second capture, within its total. It fails if every further capture took its order above its total.",
    evaluate: checkSeveralCaptures,
  },
  partial_refund: {
    group: "orders",
    title: "A part of an order is refunded",
    rule: "A refund was accepted that was smaller than the amount still refundable. It fails if no such refund was accepted, and at least one got 400 or 404.",
    evaluate: checkPartialRefund,
  },
  full_refund: {
    group: "orders",
    title: "An order is refunded in full",
    rule: "A refund of all that could still be refunded was accepted. It fails if no such refund was accepted, and at least one got 400 or 404.",
    evaluate: checkFullRefund,
  },
  line_refund: {
    group: "orders",
    title: "A line is refunded with its rewards",
    rule: "A refund with `order_lines` returned rewards. It fails if refunds left out captured rewards (the warning `refund_without_rewards`), and no refund with lines returned any.",
    evaluate: checkLineRefund,
  },
  order_changed: {
    group: "orders",
    title: "An order is changed after its creation",
    rule: "A `PUT` of an order, or the deletion of an event, was accepted. It fails if these were only refused.",
    evaluate: checkChangedOrder,
  },
  order_cancelled: {
    group: "orders",
    title: "An order is cancelled",
    rule: "An order was deleted, or refunded in full after its deletion was refused. It fails if deletions only got 409.",
    evaluate: checkCancelledOrder,
  },
  lists_followed: {
    group: "contract",
    title: "Lists are read to their end",
    rule: "A list with `has_more` was read with `starting_after` until `has_more` was false. It fails if such lists were read, and no request continued one of them.",
    evaluate: checkLists,
  },
  known_names: {
    group: "contract",
    title: "Every sent field and parameter exists",
    rule: "A write was executed, and no request had an unknown or duplicate field or an unknown parameter.",
    evaluate: checkNames,
  },
  key_rotated: {
    group: "keys",
    title: "The API key is rotated",
    rule: "A second key was created with `POST /v2/keys` and used, the first one deleted with `DELETE /v2/keys`, and requests went on. It fails if the first key was deleted before the second was used.",
    evaluate: checkKeyRotation,
  },
  card_agrees: {
    group: "card",
    title: "Order events agree with the card",
    rule: "Card transactions were simulated, and the order events report the same captured and refunded sums for each. It fails if a transaction is unreported or differs. If order events report money that the card has not moved, the check has the status `not_seen`: simulate those captures and refunds on the card.",
    evaluate: checkCard,
  },
  notification_acknowledged: {
    group: "notifications",
    title: "Notifications are acknowledged within 5 s",
    rule: "A notification got a 2xx within 5 seconds. It fails if a 2xx took longer, or if an attempt waited longer and got no response. An attempt waits at most 15 seconds.",
    evaluate: checkAcknowledged,
  },
  duplicate_notification: {
    group: "notifications",
    title: "A duplicate notification is acted on once",
    rule: "After the fault `duplicate_notification`, both copies of the notification were acknowledged, and the order events with its `network_transaction_id` report the transaction event once. The check fails if they report it twice.",
    evaluate: checkDuplicate,
  },
  reordered_notification: {
    group: "notifications",
    title: "Notifications in reverse order are handled",
    rule: "After the fault `reordered_notification`, both of the pair were acknowledged, and their transactions agree with the order events. It fails if one was never acknowledged, or disagrees.",
    evaluate: checkReordered,
  },
  invalid_signature: {
    group: "notifications",
    title: "An invalid signature is refused",
    rule: "A notification with the fault `invalid_signature` got a 4xx, and the same webhook acknowledged one with a valid signature. It fails if the forged one gets any other response.",
    evaluate: checkSignature("invalid_signature", "an invalid signature"),
  },
  stale_signature: {
    group: "notifications",
    title: "A stale signature is refused",
    rule: "The same with the fault `stale_signature`.",
    evaluate: checkSignature("stale_signature", "a stale signature"),
  },
  notification_redelivered: {
    group: "notifications",
    title: "A notification is acknowledged after a failed attempt",
    rule: "A notification whose first attempt failed was acknowledged when it was sent again. It fails if its attempts ran out. Forged signatures don't count.",
    evaluate: checkRedelivery,
  },
} as const satisfies Record<string, Check>;

export type EnvironmentCheckId = keyof typeof CHECKS;
export const ENVIRONMENT_CHECK_IDS = Object.keys(CHECKS) as EnvironmentCheckId[];

/** The check that needs environments with different assumptions. */
const BOTH_READINGS = {
  group: "readings",
  title: "Either behavior of production is handled",
  rule: "The report has this check only with `environments=all`. Each field of `assume` has two values. For `duplicate_ids` and `idempotency_key`, the client retried correctly under both values. For `refund_beyond_captured`, it refunded under both values, and never more than was captured.",
} as const satisfies Omit<Check, "evaluate">;

export type CheckId = EnvironmentCheckId | "both_readings";
export const CHECK_IDS: CheckId[] = [...ENVIRONMENT_CHECK_IDS, "both_readings"];

export const descriptionOf = (id: CheckId): Omit<Check, "evaluate"> =>
  id === "both_readings" ? BOTH_READINGS : CHECKS[id];
