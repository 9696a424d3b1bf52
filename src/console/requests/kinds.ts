import { api, unwrap, type RecordedRequest, type RequestCounts } from "../api.ts";
import { useResource, useThrottled } from "../parts/resource.ts";
import type { RequestFeed } from "./feed.ts";

/** A kind of error or warning, and how many requests have it. */
export interface Kind {
  name: string;
  isWarning: boolean;
  count: number;
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
export function useKinds(feed: RequestFeed, filter: URLSearchParams): Kind[] | undefined {
  const { data, reload } = useResource(async () => {
    const query = Object.fromEntries(filter);
    return mergeKinds(await unwrap(api.GET("/sandbox/requests/summary", { params: { query } })));
  }, [filter.toString()]);
  useThrottled(reload, refreshMilliseconds(feed), [feed.total.value]);
  return data;
}

function mergeKinds({ by_error, by_warning }: RequestCounts): Kind[] {
  const kinds = new Map<string, Kind>();
  const add = (name: string, isWarning: boolean, count: number) =>
    kinds.set(name, { name, isWarning, count: count + (kinds.get(name)?.count ?? 0) });
  for (const { type, param, count } of by_error) add(kindName(type, param), false, count);
  for (const { code, param, count } of by_warning) add(kindName(code, param), true, count);
  return [...kinds.values()];
}
