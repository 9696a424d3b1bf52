import { FAULTS, type AnyFaultName } from "../../domain/faults.ts";
import { isNotificationFault, NOTIFICATION_FAULTS } from "../../domain/notification-faults.ts";
import type { Fault } from "../api.ts";

type Match = Fault["match"];

/** What a fault does, in a line. */
export function effectOf(name: AnyFaultName): string {
  if (isNotificationFault(name)) return NOTIFICATION_FAULTS[name].effect.replaceAll("`", "");
  const { executes, effect } = FAULTS[name];
  return `${executes ? "executed" : "rejected"} · ${effect.replaceAll("`", "")}`;
}

export const TARGETS: [name: string, match: Match][] = [
  ["captures and refunds", { method: "POST", path: "/v2/order_events" }],
  ["captures", { method: "POST", path: "/v2/order_events", type: "CAPTURED" }],
  ["refunds", { method: "POST", path: "/v2/order_events", type: "REFUNDED" }],
  ["creating orders", { method: "POST", path: "/v2/orders" }],
  ["replacing orders", { method: "PUT", path: "/v2/orders/:order_id" }],
  ["deleting orders", { method: "DELETE", path: "/v2/orders/:order_id" }],
  ["deleting events", { method: "DELETE", path: "/v2/order_events/:order_event_id" }],
  ["reads", { method: "GET", path: "/v2/*" }],
  ["all requests", {}],
];

/** Names the requests that a fault matches. */
export function targetOf({ method, path, type, ...ids }: Match): string {
  const known = TARGETS.find(
    ([, each]) => each.method === method && each.path === path && each.type === type,
  );
  const target = known?.[0] ?? [method, path, type].filter(Boolean).join(" ");
  return [target, ...Object.entries(ids).map(([name, id]) => `${name} ${id}`)].join(" · ");
}
