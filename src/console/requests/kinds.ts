import type { Warning } from "../../domain/warnings.ts";
import { api, unwrap, type RecordedRequest, type RequestCounts } from "../api.ts";
import type { RequestFeed } from "./feed.ts";

/** A kind of error or warning, and how many requests have it. */
export interface Kind {
  name: string;
  count: number;
  /** Undefined for an error. */
  warning?: Pick<Warning, "code" | "param">;
  /** The newest orders with this warning. */
  order_ids: string[];
}

/** Names a field without its indexes, so that the same mistake on two lines is one kind. */
export const kindName = (type: string, param: string | undefined): string =>
  param ? `${type} · ${param.replace(/\[\d+\]/g, "[]")}` : type;

export const hasKind = ({ error, warnings = [] }: RecordedRequest, kind: string): boolean =>
  (error && kindName(error.type, error.param) === kind) ||
  warnings.some(({ code, param }) => kindName(code, param) === kind);

const MIN_REFRESH_MILLISECONDS = 500;

/** Each refresh reads all stored requests, so the more there are, the longer it waits: one millisecond for each. */
export const refreshMilliseconds = ({ total }: RequestFeed): number =>
  Math.max(MIN_REFRESH_MILLISECONDS, total.value);

/** The kinds of all requests that match the filter, errors before warnings. */
export async function loadKinds(filter: URLSearchParams): Promise<Kind[]> {
  const query = Object.fromEntries(filter);
  return mergeKinds(await unwrap(api.GET("/sandbox/requests/summary", { params: { query } })));
}

function mergeKinds({ by_error, by_warning }: RequestCounts): Kind[] {
  const kinds = new Map<string, Kind>();
  const add = (kind: Kind) => {
    const { count, order_ids } = kinds.get(kind.name) ?? { count: 0, order_ids: [] };
    kinds.set(kind.name, {
      ...kind,
      count: count + kind.count,
      order_ids: [...order_ids, ...kind.order_ids],
    });
  };
  for (const { type, param, count } of by_error)
    add({ name: kindName(type, param), count, order_ids: [] });
  for (const { code, param, count, order_ids } of by_warning)
    add({ name: kindName(code, param), count, order_ids, warning: { code, param } });
  return [...kinds.values()];
}
