/** The most expensive requests that a partner can send, by kind. */
import { CROWD, rowIds } from "./data.ts";
import { headersOf } from "./request.ts";
import type { HttpRequest } from "./operations.ts";

/** The most lines that an item can have, with names that make a body of 250 KB. The limit is 256 KiB. */
const LINES = 1_000;
const NAME_CHARACTERS = 190;
const LARGE_LINES = Array.from({ length: LINES }, (_, index) => ({
  name: String(index).padEnd(NAME_CHARACTERS, "x"),
  quantity: 1,
  rate: 5,
  rewards_rate: 1,
}));
/** Serialized once, so that the sending thread isn't the bottleneck. */
const LARGE_CONTENT = `"order_lines":${JSON.stringify(LARGE_LINES)}`;
const TOTAL = LINES * 5;

/** A body of nearly the maximum size whose elements all fail validation. */
const WRONG_ELEMENTS = 130_000;
const WRONG_BODY = `{"order_lines":[${Array.from({ length: WRONG_ELEMENTS }, () => "0").join()}]}`;

/** The large orders that the stranger creates before it starts: one full page. They are its newest orders. */
export const LARGE_ORDERS = 100;
const largeOrderId = (number: number) => `large-order-${number % LARGE_ORDERS}`;

const largeBody = (fields: Record<string, unknown>) =>
  `${JSON.stringify(fields).slice(0, -1)},${LARGE_CONTENT}}`;

const largeOrder = (id: string, partner_order_id: string) =>
  largeBody({ id, payment_method_id: "pm", partner_order_id, total_order_amount: TOTAL });

export const largeOrderToStartWith = (number: number): HttpRequest => ({
  method: "POST",
  path: "/v2/orders",
  body: largeOrder(largeOrderId(number), CROWD.partnerOrder),
});

/** An order that is never deleted, used as a cursor. */
const CURSOR = rowIds(200).order;
const FIRST_DELETED = 1_000;

const get = (path: string, query: Record<string, string>): HttpRequest => ({
  method: "GET",
  path: `${path}?${new URLSearchParams(query).toString()}`,
});

const post = (path: string, body: string): HttpRequest => ({
  method: "POST",
  path,
  body,
  headers: { "Idempotency-Key": crypto.randomUUID() },
});

const capture = (order_id: string, amount: number) => ({
  order_id,
  type: "CAPTURED",
  amount,
  network_transaction_id: CROWD.transaction,
});

/** Creates a request of each kind. `number` counts the requests of the kind, so that most use different orders. */
export const EXPENSIVE_REQUESTS: Record<string, (number: number) => HttpRequest> = {
  "large-order": () => post("/v2/orders", largeOrder(crypto.randomUUID(), CROWD.partnerOrder)),
  "large-event": (number) =>
    post("/v2/order_events", largeBody(capture(largeOrderId(number), TOTAL))),
  "large-put": (number) => ({
    method: "PUT",
    path: `/v2/orders/${largeOrderId(number)}`,
    // The alternating reference moves the order within that index.
    body: largeOrder(largeOrderId(number), `${CROWD.partnerOrder}-${number % 2}`),
  }),
  "large-page": () => get("/v2/orders", { limit: "100" }),
  "broad-orders": () =>
    get("/v2/orders", { partner_order_id: CROWD.partnerOrder, starting_after: CURSOR }),
  // All events belong to this order and none to this transaction, so the query reads all of them.
  "broad-events": () =>
    get("/v2/order_events", { order_id: CROWD.order, network_transaction_id: "none" }),
  deletion: (number) => ({
    method: "DELETE",
    path: `/v2/orders/${rowIds(FIRST_DELETED + number).order}`,
  }),
  "unknown-order": () => post("/v2/order_events", JSON.stringify(capture(crypto.randomUUID(), 1))),
  "wrong-body": () => post("/v2/orders", WRONG_BODY),
  // No order event names them, so each is a disagreement.
  story: () => post("/sandbox/transactions", '{"story":"partly_refunded","amount":100}'),
  disagreements: () => get("/sandbox/reconciliation", { limit: "100" }),
  // At most 100 faults exist. Every other request of the environment reaches one, and counts.
  fault: (number) =>
    number % 500 === 0
      ? { method: "DELETE", path: "/sandbox/faults" }
      : post("/sandbox/faults", SKIPPING_FAULT),
  reset: () => ({ method: "POST", path: "/sandbox/reset", headers: headersOf(resetKey) }),
};

const SKIPPING_FAULT = JSON.stringify({ fault: "rate_limited", skip: 1_000, times: 1_000 });

/** The key of the environment that `reset` resets. The other requests need the data of the first one. */
let resetKey = "";
export const setResetKey = (key: string): void => {
  resetKey = key;
};
