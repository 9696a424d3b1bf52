/** One line about a forwarded notification. */
import { isAcknowledging } from "../domain/deliveries.ts";
import type { OfferedDelivery } from "../domain/notifications.ts";
import type { Outcome } from "./forward.ts";
import { printable } from "./printable.ts";

export function formatDeliveryLine(delivery: OfferedDelivery, outcome: Outcome): string {
  const { object, body, attempt } = delivery;
  const { status, ms, error, response_body } = outcome;
  const { data = {} } = JSON.parse(body) as { data?: { status?: string; event_id?: string } };
  const parts = [
    new Date().toTimeString().slice(0, 8),
    [object, data.status].filter(Boolean).join(" "),
    ...(data.event_id === undefined ? [] : [printable(data.event_id)]),
    status ?? "no response",
    `${ms} ms`,
    ...(attempt === 1 ? [] : [`attempt ${attempt}`]),
    ...(error === undefined ? [] : [printable(error)]),
    ...(isAcknowledging(status) || !response_body ? [] : [printable(response_body)]),
  ];
  return parts.join("  ");
}
