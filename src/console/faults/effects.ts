import { OPERATIONS } from "../../domain/fault-match.ts";
import { FAULTS, type AnyFaultName } from "../../domain/faults.ts";
import { isNotificationFault, NOTIFICATION_FAULTS } from "../../domain/notification-faults.ts";
import { ORDER_EVENT_TYPES } from "../../domain/order-events.ts";
import { TRANSACTION_STATUSES } from "../../domain/transactions.ts";
import { NOTIFICATION_KINDS } from "../../domain/webhooks.ts";
import type { Fault } from "../api.ts";

type Match = Fault["match"];

/** The effect of a fault, in one line. */
export function effectOf(name: AnyFaultName): string {
  const text = isNotificationFault(name)
    ? `notifications · ${NOTIFICATION_FAULTS[name].effect}`
    : `request ${FAULTS[name].executes ? "executed" : "rejected"} · ${FAULTS[name].effect}`;
  return text.replaceAll("`", "");
}

const EVENTS = { method: "POST", path: "/v2/order_events" } as const;

const REQUESTS: readonly Match[] = [
  EVENTS,
  ...ORDER_EVENT_TYPES.map((type) => Object.assign({ type }, EVENTS)),
  ...OPERATIONS.map(({ method, path }) => ({ method, path })),
  { method: "GET", path: "/v2/*" },
  {},
];

const NOTIFICATIONS: readonly Match[] = [
  {},
  ...TRANSACTION_STATUSES.map((status) => ({ object: "TRANSACTION", status }) as const),
  ...NOTIFICATION_KINDS.map((object) => ({ object })),
];

/** The requests or notifications that a fault can apply to, by name. */
export const targetsOf = (fault: AnyFaultName) =>
  new Map(
    (isNotificationFault(fault) ? NOTIFICATIONS : REQUESTS).map((match) => [
      targetOf({ fault, match }),
      match,
    ]),
  );

/** Names the requests or notifications that a fault matches. */
export function targetOf({ fault, match }: Pick<Fault, "fault" | "match">): string {
  const { method, path, type, object, status, ...ids } = match;
  const target = [method, path, type, object, status].filter(Boolean).join(" ");
  const all = isNotificationFault(fault) ? "all notifications" : "all requests";
  return [target || all, ...Object.entries(ids).map(([name, id]) => `${name} ${id}`)].join(" · ");
}
