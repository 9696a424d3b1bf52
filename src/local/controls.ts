/** The methods of an environment, which call the sandbox's own API. */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Send } from "./api-client.ts";
import type {
  Environment,
  EnvironmentOptions,
  Faults,
  OwnEnvironment,
  RecordedRequest,
  RequestFilter,
  Transactions,
} from "./environment.ts";
import { assertFaultsUsed } from "./unused-faults.ts";
import type { RequestJson } from "./http-client.ts";
import { SandboxError } from "./sandbox-error.ts";

/** The largest page that the API returns. */
const PAGE_ITEMS = 100;
const DEFAULT_TIMEOUT_MILLISECONDS = 5_000;
const POLL_MILLISECONDS = 20;

/** How to reach an environment. */
export interface Connection {
  url: string;
  key: string;
  request: RequestJson;
}

export function environmentOf({ url, key, request }: Connection): Environment {
  const send = createClient(url, key, request);
  return {
    url,
    key,
    faults: faultsOf(send),
    transactions: transactionsOf(send),
    ...methodsOf(send),
  };
}

/** Creates an environment with the key of another one of the same partner. */
export async function createEnvironment(
  connection: Connection,
  options: EnvironmentOptions,
): Promise<OwnEnvironment> {
  const { url, key, request } = connection;
  const send = createClient(url, key, request);
  const created = await send("post", "/sandbox/environments", { body: options });
  const path = { environment_id: created.id };
  let deleted: Promise<void> | undefined;
  const remove = async () => {
    await send("delete", "/sandbox/environments/{environment_id}", { path });
  };
  const removeOnce = () => (deleted ??= remove());
  return {
    ...created,
    ...environmentOf({ ...connection, key: created.key }),
    delete: removeOnce,
    [Symbol.asyncDispose]: removeOnce,
  };
}

function faultsOf(send: Send): Faults {
  const list = () => itemsOf((page) => send("get", "/sandbox/faults", { query: page }), Infinity);
  return {
    add: (body) => send("post", "/sandbox/faults", { body }),
    list,
    remove: (id) => send("delete", "/sandbox/faults/{fault_id}", { path: { fault_id: id } }),
    clear: () => send("delete", "/sandbox/faults", {}),
    assertUsed: () => assertFaultsUsed(list, (query) => requestsOf(send, query)),
  };
}

function transactionsOf(send: Send): Transactions {
  return {
    simulate: (body) => send("post", "/v2/simulate_transaction_event", { body }),
    story: (body) => send("post", "/sandbox/transactions", { body }),
    get: (transaction_id) =>
      send("get", "/sandbox/transactions/{transaction_id}", { path: { transaction_id } }),
    list: () => itemsOf((page) => send("get", "/sandbox/transactions", { query: page }), Infinity),
  };
}

function methodsOf(send: Send): Omit<Environment, "url" | "key" | "faults" | "transactions"> {
  const requests: Environment["requests"] = (filter) => requestsOf(send, filter);

  const waitForRequest: Environment["waitForRequest"] = async (
    filter = {},
    { timeout = DEFAULT_TIMEOUT_MILLISECONDS } = {},
  ) => {
    // A timer instead of a clock, which a test may have faked.
    let isOver = false;
    void sleep(timeout, undefined, { ref: false }).then(() => (isOver = true));
    for (;;) {
      // Polls, because an environment has only ten streams, and a stream may break off.
      const isLast = isOver;
      const [newest] = await requests({ ...filter, limit: 1 });
      if (newest) return newest;
      if (isLast) throw noRequest(filter, timeout, await requests({ limit: 1 }));
      await sleep(POLL_MILLISECONDS);
    }
  };

  return {
    requests,
    waitForRequest,
    request: (id) => send("get", "/sandbox/requests/{id}", { path: { id } }),
    timeline: (order_id) =>
      send("get", "/sandbox/orders/{order_id}/timeline", { path: { order_id } }),
    reconciliation: (order_id) =>
      send("get", "/sandbox/orders/{order_id}/reconciliation", { path: { order_id } }),
    disagreements: () =>
      itemsOf((page) => send("get", "/sandbox/reconciliation", { query: page }), Infinity),
    readiness: (query = {}) => send("get", "/sandbox/readiness", { query }),
    reset: () => send("post", "/sandbox/reset", {}),
  };
}

function requestsOf(
  send: Send,
  { limit = Infinity, ...filter }: RequestFilter & { limit?: number } = {},
): Promise<RecordedRequest[]> {
  return itemsOf(
    (page) => send("get", "/sandbox/requests", { query: { ...filter, ...page } }),
    limit,
  );
}

interface Page<Item> {
  data: Item[];
  has_more: boolean;
}

/** Reads a list page by page, up to `limit` items. */
async function itemsOf<Item extends { id: string } | { network_transaction_id: string }>(
  readPage: (page: { limit: number; starting_after?: string }) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let hasMore = limit > 0; hasMore && items.length < limit;) {
    const last = items.at(-1);
    const page = await readPage({
      limit: Math.min(limit - items.length, PAGE_ITEMS),
      ...(last && { starting_after: "id" in last ? last.id : last.network_transaction_id }),
    });
    items.push(...page.data);
    hasMore = page.has_more;
  }
  return items;
}

function noRequest(
  filter: RequestFilter,
  timeout: number,
  [last]: RecordedRequest[],
): SandboxError {
  const found = last
    ? `The last request was ${last.method} ${last.path}: ${last.status ?? "no response"}.`
    : "There were no requests.";
  return new SandboxError(
    `No request matched ${JSON.stringify(filter)} within ${timeout} ms. ${found}`,
    { cause: last },
  );
}
