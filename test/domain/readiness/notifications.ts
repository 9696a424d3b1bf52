import type { ObservedAttempt, ObservedNotification } from "../../../src/domain/readiness/facts.ts";

/** An attempt of a delivery, after so many seconds. */
export const attempt = (
  status: number | null,
  { ms = 20, delivery_id = 1, second = 0, webhook_id = "w-1" } = {},
): ObservedAttempt => ({ at: second * 1_000, delivery_id, webhook_id, status, ms });

/** A notification of a capture. */
export function notification(
  id: string,
  attempts: ObservedAttempt[],
  fields: Partial<ObservedNotification> = {},
): ObservedNotification {
  const isDone = attempts.some(({ status }) => status !== null && status < 300);
  return {
    id,
    at: 0,
    status: "CAPTURED",
    network_transaction_id: "txn-1",
    delivery_status: isDone ? "acknowledged" : "pending",
    fault: null,
    attempts,
    ...fields,
  };
}

export const TWICE = [attempt(200), attempt(200, { delivery_id: 2 })];
export const DUPLICATE = notification("n-1", TWICE, { fault: "duplicate_notification" });
export const REVERSED = [
  notification("n-1", [attempt(200, { second: 2 })], { fault: "reordered_notification" }),
  notification("n-2", [attempt(200, { second: 1 })], { network_transaction_id: "txn-2" }),
];
