import type { paths } from "../../generated/openapi.d.ts";
import { api, unwrap, type Order } from "../api.ts";
import { loadOrdersWithFindings } from "../requests/finding-sources.ts";

const PAGE = 100;
/** A search by ID fetches at most this many orders. A search by `partner_order_id` may find more. */
const MAX_FOUND = 20;
const ID_PATTERN = /^[\x21-\x7e]{1,255}$/;

interface OrderPage {
  data: Order[];
  total: number;
}

const listOrders = (query: Record<string, string | number>) =>
  unwrap(api.GET("/v2/orders", { params: { query } }));

export async function newestOrders(starting_after?: string): Promise<OrderPage> {
  const { data, total } = await listOrders({
    limit: PAGE,
    ...(starting_after !== undefined && { starting_after }),
  });
  return { data, total: total ?? data.length };
}

/** Finds orders by `partner_order_id`, by ID or the start of an ID, or by the ID of an event or a transaction. */
export async function findOrders(search: string): Promise<OrderPage> {
  const [byPartnerId, ids] = await Promise.all([
    listOrders({ partner_order_id: search, limit: PAGE }),
    ID_PATTERN.test(search) ? findOrderIds(search) : [],
  ]);
  const found = await ordersOf(ids);
  const orders = new Map([...found, ...byPartnerId.data].map((order) => [order.id, order]));
  return { data: [...orders.values()], total: orders.size };
}

const ordersOf = async (ids: string[]): Promise<Order[]> =>
  (await Promise.all(ids.map(async (id) => (await listOrders({ id })).data))).flat();

/** The orders with findings: those among the newest orders, then some of the older ones. */
export async function ordersWithFindings(): Promise<OrderPage> {
  const [ids, newest] = await Promise.all([loadOrdersWithFindings(), newestOrders()]);
  const found = newest.data.filter(({ id }) => ids.delete(id));
  const data = [...found, ...(await ordersOf([...ids].slice(0, MAX_FOUND)))];
  return { data, total: data.length };
}

async function findOrderIds(search: string): Promise<string[]> {
  const found = await Promise.all([
    ...Object.keys(EVENT_IDS).map((name) => orderIdsOfEvents({ [name]: search })),
    // Requests also name deleted events.
    orderIdsOfRequests({ order_event_id: search }),
    orderIdsOfRequests({ order_id: search.endsWith("*") ? search : `${search}*` }),
  ]);
  return [...new Set([search, ...found.flat()])].slice(0, MAX_FOUND);
}

type EventQuery = NonNullable<paths["/v2/order_events"]["get"]["parameters"]["query"]>;

/** The parameters that filter events by an ID, except `order_id`. */
const EVENT_IDS: Record<
  Exclude<keyof EventQuery, "order_id" | "limit" | "starting_after">,
  true
> = { order_event_id: true, partner_event_id: true, network_transaction_id: true };

async function orderIdsOfEvents(query: EventQuery): Promise<string[]> {
  const page = await unwrap(
    api.GET("/v2/order_events", { params: { query: { ...query, limit: PAGE } } }),
  );
  return page.data.map(({ order_id }) => order_id);
}

/** The orders of recorded requests, the newest first. */
async function orderIdsOfRequests(query: Record<string, string>): Promise<string[]> {
  const page = await unwrap(
    api.GET("/sandbox/requests", { params: { query: { ...query, limit: PAGE } } }),
  );
  return page.data.flatMap(({ order_id }) => order_id ?? []);
}

/** The orders that the newest recorded deletions deleted, the newest first. */
export async function findDeletedIds(): Promise<string[]> {
  const deletions = { method: "DELETE", path: "/v2/orders/*", status: "2xx" };
  return [...new Set(await orderIdsOfRequests(deletions))];
}
