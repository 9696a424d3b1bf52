/** What the library does with an environment, by the sandbox's own API. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type Send } from "./connection.ts";
import type {
  Environment,
  EnvironmentOptions,
  Faults,
  OwnEnvironment,
  RecordedRequest,
  RequestFilter,
} from "./environment.ts";
import { SandboxError } from "./sandbox-error.ts";

/** The most items that a page has. */
const PAGE = 100;
const WAIT_MILLISECONDS = 5_000;
const POLL_MILLISECONDS = 20;

/** The environment that a key belongs to. */
export function environmentOf(url: string, key: string): Environment {
  const send = connect(url, key);
  return { url, key, faults: faultsOf(send), ...watching(send) };
}

/** Makes an environment with the key of a partner's first one. */
export async function createEnvironment(
  { url, key }: Environment,
  options: EnvironmentOptions,
): Promise<OwnEnvironment> {
  const send = connect(url, key);
  const created = await send("post", "/sandbox/environments", { body: options });
  const path = { environment_id: created.id };
  let deleted: Promise<void> | undefined;
  const remove = async () => {
    await send("delete", "/sandbox/environments/{environment_id}", { path });
  };
  const once = () => (deleted ??= remove());
  return {
    ...created,
    ...environmentOf(url, created.key),
    delete: once,
    [Symbol.asyncDispose]: once,
  };
}

function faultsOf(send: Send): Faults {
  return {
    add: (body) => send("post", "/sandbox/faults", { body }),
    list: () => itemsOf((page) => send("get", "/sandbox/faults", { query: page }), Infinity),
    remove: (id) => send("delete", "/sandbox/faults/{fault_id}", { path: { fault_id: id } }),
    clear: () => send("delete", "/sandbox/faults", {}),
  };
}

function watching(send: Send): Omit<Environment, "url" | "key" | "faults"> {
  const requests: Environment["requests"] = ({ limit = Infinity, ...filter } = {}) =>
    itemsOf((page) => send("get", "/sandbox/requests", { query: { ...filter, ...page } }), limit);

  const waitForRequest: Environment["waitForRequest"] = async (
    filter = {},
    { timeout = WAIT_MILLISECONDS } = {},
  ) => {
    const deadline = performance.now() + timeout;
    for (;;) {
      // Asked again and again: a stream would be one of ten, and could break off.
      const [newest] = await requests({ ...filter, limit: 1 });
      if (newest) return newest;
      const left = deadline - performance.now();
      if (left <= 0) throw nothingCame(filter, timeout, await requests({ limit: 1 }));
      await sleep(Math.min(left, POLL_MILLISECONDS));
    }
  };

  return {
    requests,
    waitForRequest,
    request: (id) => send("get", "/sandbox/requests/{id}", { path: { id } }),
    timeline: (order_id) =>
      send("get", "/sandbox/orders/{order_id}/timeline", { path: { order_id } }),
    reset: () => send("post", "/sandbox/reset", {}),
  };
}

interface Page<Item> {
  data: Item[];
  has_more: boolean;
}

/** The items of a list, page by page, up to a limit. */
async function itemsOf<Item extends { id: string }>(
  send: (page: { limit: number; starting_after?: string }) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let hasMore = limit > 0; hasMore && items.length < limit;) {
    const last = items.at(-1);
    const page = await send({
      limit: Math.min(limit - items.length, PAGE),
      ...(last && { starting_after: last.id }),
    });
    items.push(...page.data);
    hasMore = page.has_more;
  }
  return items;
}

function nothingCame(
  filter: RequestFilter,
  timeout: number,
  [last]: RecordedRequest[],
): SandboxError {
  const came = last
    ? `The last one was ${last.method} ${last.path}, answered ${last.status ?? "not at all"}.`
    : "None came at all.";
  return new SandboxError(
    `No request like ${JSON.stringify(filter)} came within ${timeout} ms. ${came}`,
  );
}
