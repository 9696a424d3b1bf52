import type { Context } from "hono";
import { fastHash } from "../../domain/fast-hash.ts";
import type { RecordedPage, RequestTrace } from "../../domain/requests.ts";
import type { AppEnv } from "../context.ts";
import type { RecordedBody } from "./recorded-body.ts";

/** The facts about a request that the readiness checks compare. `result` is the response before a fault replaced it. */
export function toTrace(
  c: Context<AppEnv>,
  { hash, ids }: RecordedBody,
  result: Record<string, unknown>,
): RequestTrace {
  const key = c.req.header("Idempotency-Key");
  const isOrder = c.req.path === "/v2/orders";
  const ownId = isOrder ? ids.order_id : (ids.order_event_id ?? ids.partner_event_id);
  const page = toPage(c, result);
  const { rewards_amount, order_lines } = result;
  return {
    key_id: c.get("apiKey").id,
    ...(hash !== undefined && { hash }),
    ...(key !== undefined && { idempotency_key: fastHash(key) }),
    ...(c.req.method === "POST" && ownId !== undefined && { has_own_id: true }),
    ...(typeof rewards_amount === "number" && { rewards_amount }),
    ...(Array.isArray(order_lines) && { has_lines: true }),
    ...(page && { page }),
  };
}

/** The list that a GET read, and the position of the page in it. */
function toPage(c: Context<AppEnv>, result: Record<string, unknown>): RecordedPage | undefined {
  const { data, has_more } = result;
  if (c.req.method !== "GET" || !Array.isArray(data) || typeof has_more !== "boolean") {
    return undefined;
  }
  const query = c.req.query();
  const { starting_after } = query;
  const filters = Object.keys(query)
    .filter((name) => name !== "limit" && name !== "starting_after")
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => [name, query[name]]);
  const item = (data.at(-1) ?? {}) as Item;
  const last = item.transaction_id ?? item.order_event_id ?? item.id;
  return {
    list: fastHash(`${c.req.path} ${JSON.stringify(filters)}`),
    ...(starting_after !== undefined && { after: fastHash(starting_after) }),
    ...(last !== undefined && { last: fastHash(last) }),
    has_more,
  };
}

/** An item of a list. Each list uses one of these IDs as its cursor. */
interface Item {
  id?: string;
  order_event_id?: string;
  transaction_id?: string;
}
