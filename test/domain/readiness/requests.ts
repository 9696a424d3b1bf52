import { DEFAULT_ASSUMPTIONS, type Assumptions } from "../../../src/domain/assumptions.ts";
import { fastHash } from "../../../src/domain/fast-hash.ts";
import { FAULTS, type FaultName } from "../../../src/domain/faults.ts";
import {
  type CardFacts,
  type ObservedNotification,
  type ObservedRequest,
  type ReadinessFacts,
} from "../../../src/domain/readiness/facts.ts";
import type { RequestTrace } from "../../../src/domain/requests.ts";
import type { Warning } from "../../../src/domain/warnings.ts";

export const NO_CARD_FACTS: CardFacts = {
  transactions: 0,
  agreeing: 0,
  agreeing_ids: [],
  without_card: 0,
  without_card_ids: [],
  disagreeing: 0,
  disagreements: [],
};

type Fields = Partial<Omit<ObservedRequest, "trace" | "fault" | "warnings">> & {
  trace?: Partial<RequestTrace>;
  fault?: FaultName;
  retry_after?: number;
  warning?: Warning["code"];
  /** Milliseconds since the request before. */
  pause?: number;
};

/** A request of a story; the time and the IDs follow from its place in it. */
export type StoryRequest = (previous: ObservedRequest | undefined) => ObservedRequest;

const UNEXECUTED = new Set<FaultName>(["unavailable", "rate_limited", "error"]);

function request(fields: Fields): StoryRequest {
  return (previous) => {
    const { fault, retry_after = 0, warning, pause = 10, trace, ...given } = fields;
    const number = Number(previous?.id ?? 0) + 1;
    const isRefused = (given.status ?? 200) >= 400;
    const isExecuted =
      given.method !== "GET" && !isRefused && !given.replayed && !(fault && UNEXECUTED.has(fault));
    return {
      id: `${number}`,
      request_id: `r-${number}`,
      at: (previous?.at ?? 0) + (previous?.ms ?? 0) + pause,
      method: "POST",
      path: "/v2/order_events",
      status: fault === "lost_response" ? null : 200,
      ms: 5,
      order_id: "order-1",
      partner_order_id: null,
      order_event_id: null,
      partner_event_id: null,
      network_transaction_id: null,
      version_before: isExecuted ? 1 : null,
      version_after: isExecuted ? 2 : null,
      error: isRefused ? { type: "CONFLICT_ERROR", message: "Refused." } : null,
      fault: fault ? { fault, delay_ms: 0, retry_after } : null,
      warnings: warning ? [{ code: warning }] : null,
      content: null,
      replayed: null,
      ...given,
      trace: { key_id: 1, ...trace },
    };
  };
}

/** A creation of an order. */
export const order = (fields: Fields = {}): StoryRequest =>
  request({
    path: "/v2/orders",
    partner_order_id: "po-1",
    content: { amount: 5_000 },
    ...fields,
    trace: { has_own_id: true, hash: 1, ...fields.trace },
  });

/** An order event. Two events with the same ID have the same content. */
export const event = (
  id: string | undefined,
  type: "CAPTURED" | "REFUNDED",
  amount: number,
  fields: Fields = {},
): StoryRequest =>
  request({
    order_event_id: id ?? null,
    network_transaction_id: "txn-1",
    content: { event_type: type, amount },
    ...fields,
    trace: {
      hash: fastHash(`${id}${type}${amount}`),
      ...(id !== undefined && { has_own_id: true as const }),
      ...fields.trace,
    },
  });

export const capture = (id: string | undefined, amount = 5_000, fields: Fields = {}) =>
  event(id, "CAPTURED", amount, fields);
export const refund = (id: string | undefined, amount: number, fields: Fields = {}) =>
  event(id, "REFUNDED", amount, fields);

/** Any other request. */
export const call = (method: string, path: string, fields: Fields = {}): StoryRequest =>
  request({ method, path, ...fields });

/** A page of the list of orders. `last` and `after` stand for IDs. */
export const page = (last: number, has_more: boolean, after?: number): StoryRequest =>
  call("GET", "/v2/orders", {
    order_id: null,
    trace: { page: { list: 1, last, has_more, ...(after !== undefined && { after }) } },
  });

/** A page that ends with this order or event, filtered by the given fields. */
export const found = (id: string, fields: Fields): StoryRequest =>
  call("GET", "/v2/order_events", {
    order_id: null,
    ...fields,
    trace: { page: { list: 1, last: fastHash(id), has_more: false } },
  });

export const replay = { replayed: true, version_before: null, version_after: null } as const;

/** A rejection of a refund above the captured amount, or of an ID with different content. */
export const conflict = (param: string): Fields => ({
  status: 409,
  error: { type: "CONFLICT_ERROR", message: "Too much.", param },
});

/** A response that a fault replaced after the request took effect. */
export const replaced = (fault: FaultName): Fields => ({
  fault,
  status:
    FAULTS[fault].delivers === "nothing" ? null : FAULTS[fault].delivers === "part" ? 200 : 502,
  version_before: 1,
  version_after: 2,
});

/** The facts of a story. */
export function factsOf(
  requests: StoryRequest[],
  card: CardFacts = NO_CARD_FACTS,
  assume: Partial<Assumptions> = {},
  notifications: ObservedNotification[] = [],
): ReadinessFacts {
  const story: ObservedRequest[] = [];
  for (const each of requests) story.push(each(story.at(-1)));
  return {
    requests: story,
    notifications,
    card,
    assume: { ...DEFAULT_ASSUMPTIONS, ...assume },
  };
}
