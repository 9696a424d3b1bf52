/** One line about a forwarded notification. */
import { isAcknowledging } from "../domain/deliveries.ts";
import { subjectOfBody } from "../domain/notification-payloads.ts";
import type { OfferedDelivery } from "../domain/notifications.ts";
import type { Outcome } from "./forward.ts";
import { lineOf } from "./printable.ts";

export function formatDeliveryLine(delivery: OfferedDelivery, outcome: Outcome): string {
  const { body, attempt } = delivery;
  const { status, ms, error, response_body } = outcome;
  const subject = subjectOfBody(body);
  return lineOf([
    new Date().toTimeString().slice(0, 8),
    [subject.object, subject.status].filter(Boolean).join(" "),
    subject.event_id,
    status ?? "no response",
    `${ms} ms`,
    attempt === 1 ? undefined : `attempt ${attempt}`,
    error,
    isAcknowledging(status) ? undefined : response_body || undefined,
  ]);
}
