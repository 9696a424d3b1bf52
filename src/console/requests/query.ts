import type { RequestFilter } from "../../domain/requests.ts";

/** The parameters of the API that filter by an ID, and their names in the search box. */
const IDS = {
  order_id: "order",
  order_event_id: "event",
  network_transaction_id: "transaction",
  partner_order_id: "partner_order",
  partner_event_id: "partner_event",
} as const;
const NAMES = new Map<string, string>(
  Object.entries({
    status: "status",
    method: "method",
    path: "path",
    ...IDS,
    request_id: "request",
    since: "since",
  } satisfies Record<keyof RequestFilter, string>),
);
const PARAMETERS = new Map([...NAMES].map(([parameter, name]) => [name, parameter]));

/** The filters in the page's query. They have the names of the API's parameters. */
export function filterOf(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name, value]) => value && NAMES.has(name)));
}

/** `status=409&order_id=order-1` as `status:409 order:order-1`. */
export function searchOf(filter: URLSearchParams): string {
  return [...filter]
    .map(([name, value]) => `${NAMES.get(name)}:${/[\s"]/.test(value) ? `"${value}"` : value}`)
    .join(" ");
}

/** Parses a search text. A word without a name is a status, method, path or start of an order's ID. */
export function parseSearch(text: string): URLSearchParams {
  const filter = new URLSearchParams();
  for (const [, name, quoted, plain] of text.matchAll(/(?:(\w+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const value = quoted ?? plain ?? "";
    const parameter = name === undefined ? guess(value) : (PARAMETERS.get(name) ?? name);
    if (!NAMES.has(parameter)) continue;
    const isBareId = name === undefined && parameter === "order_id" && !value.endsWith("*");
    filter.set(parameter, isBareId ? `${value}*` : value);
  }
  return filter;
}

/** A search of one word that may be any ID; undefined for other searches. */
export const bareId = (text: string): string | undefined =>
  /^[^\s:"]+$/.test(text) && guess(text) === "order_id" ? text.replace(/\*$/, "") : undefined;

function guess(word: string): string {
  if (/^[1-5](\d\d|xx)$/.test(word)) return "status";
  if (word.startsWith("/")) return "path";
  return /^(GET|POST|PUT|DELETE)$/.test(word) ? "method" : "order_id";
}

/** Texts that complete the last word of a search. */
export function suggestionsFor(text: string): string[] {
  const [, before = "", last = ""] = /^(.*\s)?(\S*)$/.exec(text) ?? [];
  const [name, value] = last.includes(":") ? last.split(":", 2) : [undefined, last];
  if (name === "status") return ["2xx", "4xx", "5xx"].map((each) => `${before}status:${each}`);
  if (name === "method") {
    return ["GET", "POST", "PUT", "DELETE"].map((each) => `${before}method:${each}`);
  }
  if (name !== undefined)
    return value && !value.endsWith("*") ? [`${before}${name}:${value}*`] : [];
  const names = [...PARAMETERS.keys()].filter((each) => each.startsWith(last));
  const ids =
    last && names.length === 0 ? Object.values(IDS).map((each) => `${each}:${last}*`) : [];
  return [...names.map((each) => `${each}:`), ...ids].map((each) => before + each);
}
