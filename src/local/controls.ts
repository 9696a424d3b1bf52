/** The methods of an environment, which call the sandbox's own API. */
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
import { notificationControlsOf, type NotificationControls } from "./notification-controls.ts";
import { itemsOf } from "./pages.ts";
import type { OpenInbox } from "./thread-client.ts";
import { printable } from "./printable.ts";
import { waitFor } from "./wait.ts";

/** How to reach an environment. */
export interface Connection {
  url: string;
  key: string;
  request: RequestJson;
  openInbox: OpenInbox;
}

export function environmentOf({ url, key, request, openInbox }: Connection): Environment {
  const send = createClient(url, key, request);
  return {
    url,
    key,
    faults: faultsOf(send),
    transactions: transactionsOf(send),
    ...notificationControlsOf(send, openInbox),
    ...methodsOf(send),
  };
}

/** Creates an environment. The connection needs a key of the partner's first environment. */
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

type Methods = Omit<
  Environment,
  "faults" | "key" | "transactions" | "url" | keyof NotificationControls
>;

function methodsOf(send: Send): Methods {
  const requests: Environment["requests"] = (filter) => requestsOf(send, filter);

  const waitForRequest: Environment["waitForRequest"] = (filter = {}, options = {}) =>
    waitFor(
      {
        name: "request",
        filter,
        find: () => requests({ ...filter, limit: 1 }),
        findLast: () => requests({ limit: 1 }),
        describe: ({ method, path, status }) =>
          `${method} ${printable(path)}: ${status ?? "no response"}`,
      },
      options,
    );

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
