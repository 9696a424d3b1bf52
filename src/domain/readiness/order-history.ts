import { SUM_OF } from "../order-events.ts";
import { isCreation, isExecuted } from "./creations.ts";
import type { ObservedRequest } from "./facts.ts";

/** The captures and refunds of an order in the recorded requests. */
export interface Sums {
  captured: number;
  refunded: number;
  /** The number of its captures. */
  captures: number;
}

const NOTHING: Sums = { captured: 0, refunded: 0, captures: 0 };

/** A write to an order, and the sums before and after it. A refused write changes nothing. */
export interface Step {
  request: ObservedRequest;
  isAccepted: boolean;
  before: Sums;
  after: Sums;
}

interface History {
  sums: Sums;
  events: Map<string, ObservedRequest>;
}

/** The writes to orders and their events, oldest first, without those that only repeat an earlier one. */
export function stepsOf(requests: readonly ObservedRequest[]): Step[] {
  const histories = new Map<string, History>();
  return requests.flatMap((request) => {
    const { method, order_id, replayed } = request;
    if (method === "GET" || order_id === null || replayed) return [];
    const history = histories.get(order_id) ?? { sums: NOTHING, events: new Map() };
    histories.set(order_id, history);
    const before = history.sums;
    const isAccepted = isExecuted(request);
    if (isAccepted) apply(history, request);
    return [{ request, isAccepted, before, after: history.sums }];
  });
}

function apply(history: History, request: ObservedRequest): void {
  const eventId = request.order_event_id ?? request.id;
  if (isEventDeletion(request)) {
    const deleted = history.events.get(eventId);
    if (deleted) history.sums = add(history.sums, deleted, -1);
    history.events.delete(eventId);
  } else if (isEventCreation(request)) {
    history.events.set(eventId, request);
    history.sums = add(history.sums, request, 1);
  } else if (isOrderDeletion(request)) {
    history.sums = NOTHING;
  }
}

function add(sums: Sums, { content }: ObservedRequest, sign: 1 | -1): Sums {
  const { event_type, amount = 0 } = content ?? {};
  if (!event_type) return sums;
  const sum = SUM_OF[event_type];
  const captures = sum === "captured" ? sign : 0;
  return { ...sums, captures: sums.captures + captures, [sum]: sums[sum] + sign * amount };
}

const isEventCreation = (request: ObservedRequest): boolean =>
  isCreation(request) && request.path === "/v2/order_events";

export const isRefund = ({ content }: ObservedRequest): boolean =>
  content?.event_type === "REFUNDED";

export const isOrderDeletion = ({ method, path }: ObservedRequest): boolean =>
  method === "DELETE" && path.startsWith("/v2/orders/");

export const isEventDeletion = ({ method, path }: ObservedRequest): boolean =>
  method === "DELETE" && path.startsWith("/v2/order_events/");
