import { FAULTS, type AnyFaultName } from "../../domain/faults.ts";
import { isNotificationFault, NOTIFICATION_FAULTS } from "../../domain/notification-faults.ts";
import { TRANSACTION_STATUSES } from "../../domain/transactions.ts";
import { NOTIFICATION_KINDS } from "../../domain/webhooks.ts";
import type { Fault } from "../api.ts";

type Match = Fault["match"];
type Target = readonly [name: string, match: Match];

/** The effect of a fault, in one line. */
export function effectOf(name: AnyFaultName): string {
  const [kind, effect] = isNotificationFault(name)
    ? (["notifications", NOTIFICATION_FAULTS[name].effect] as const)
    : ([FAULTS[name].executes ? "executed" : "rejected", FAULTS[name].effect] as const);
  return `${kind} · ${effect.replaceAll("`", "")}`;
}

const EVENTS = { method: "POST", path: "/v2/order_events" } as const;

const REQUESTS: readonly Target[] = [
  ["captures and refunds", EVENTS],
  ["captures", { ...EVENTS, type: "CAPTURED" }],
  ["refunds", { ...EVENTS, type: "REFUNDED" }],
  ["creating orders", { method: "POST", path: "/v2/orders" }],
  ["replacing orders", { method: "PUT", path: "/v2/orders/:order_id" }],
  ["deleting orders", { method: "DELETE", path: "/v2/orders/:order_id" }],
  ["deleting events", { method: "DELETE", path: "/v2/order_events/:order_event_id" }],
  ["reads", { method: "GET", path: "/v2/*" }],
  ["all requests", {}],
];

const NOTIFICATIONS: readonly Target[] = [
  ["all notifications", {}],
  ...TRANSACTION_STATUSES.map((status): Target => [
    `TRANSACTION ${status}`,
    { object: "TRANSACTION", status },
  ]),
  ...NOTIFICATION_KINDS.map((object): Target => [`all of ${object}`, { object }]),
];

/** The requests or notifications that a fault can apply to, by name. */
export const targetsOf = (fault: AnyFaultName): readonly Target[] =>
  isNotificationFault(fault) ? NOTIFICATIONS : REQUESTS;

const FIELDS = ["method", "path", "type", "object", "status"] as const;

/** Names the requests or notifications that a fault matches. */
export function targetOf({ fault, match }: Fault): string {
  const known = targetsOf(fault).find(([, each]) =>
    FIELDS.every((field) => each[field] === match[field]),
  );
  const target = known?.[0] ?? FIELDS.map((field) => match[field] ?? "").join(" ");
  const ids = Object.entries(match).filter(([name]) => !FIELDS.some((field) => field === name));
  return [target, ...ids.map(([name, id]) => `${name} ${id}`)].join(" · ");
}
