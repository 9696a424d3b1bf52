/** The measured requests, by the number of the row that they read or change. */
import { rowIds } from "./data.ts";

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  body?: string;
  headers?: Record<string, string>;
}

const LINE = { name: "Lamp", quantity: 2, rate: 2500, rewards_rate: 25 };

/** Gives every event and order of a run its own ID. */
let created = 0;

const get = (path: string): HttpRequest => ({ method: "GET", path });
const post = (path: string, body: object): HttpRequest => ({
  method: "POST",
  path,
  body: JSON.stringify(body),
});

export const requests = {
  orderById: (row) => get(`/v2/orders?id=${rowIds(row).order}`),
  ordersByPartnerOrder: (row) => get(`/v2/orders?partner_order_id=${rowIds(row).partnerOrder}`),
  firstOrders: () => get("/v2/orders"),
  ordersFromTheMiddle: (row) => get(`/v2/orders?starting_after=${rowIds(row).order}`),
  eventById: (row) => get(`/v2/order_events?order_event_id=${rowIds(row).event}`),
  firstEvents: () => get("/v2/order_events"),
  eventsByOrder: (row) => get(`/v2/order_events?order_id=${rowIds(row).order}`),
  eventsByTransaction: (row) =>
    get(`/v2/order_events?network_transaction_id=${rowIds(row).transaction}`),
  postEvent: (row) => {
    created += 1;
    return post("/v2/order_events", {
      order_event_id: `new-event-${created}`,
      order_id: rowIds(row).order,
      type: "CAPTURED",
      amount: 5000,
      rewards_amount: 50,
      network_transaction_id: `new-transaction-${created}`,
      order_lines: [LINE],
    });
  },
  postOrder: () => {
    created += 1;
    return post("/v2/orders", {
      id: `new-order-${created}`,
      payment_method_id: "payment-method-1",
      partner_order_id: `new-partner-order-${created}`,
      total_order_amount: 5000,
      total_rewards_amount: 50,
      order_lines: [LINE],
    });
  },
} satisfies Record<string, (row: number) => HttpRequest>;

/** Returns numbers from 1 to `rows`, evenly spread without order: multiples of the golden ratio stay far apart. */
export function spreadRow(index: number, rows: number): number {
  const GOLDEN_RATIO = 0.618_033_988_749_895;
  return 1 + Math.floor(((index * GOLDEN_RATIO) % 1) * rows);
}
