import { useMemo } from "preact/hooks";
import { api, unwrap, type ReconciledTransaction, type RecordedRequest } from "../api.ts";
import { useResource, useThrottled } from "../parts/resource.ts";
import type { RequestFeed } from "./feed.ts";
import { findingsOf, type Finding } from "./findings.ts";
import { loadKinds, refreshMilliseconds, type Kind } from "./kinds.ts";
import type { Retries } from "./retries.ts";

const MAX_ROWS = 100;

/** The kinds and the findings of all requests that match the filter; undefined until they are loaded. */
export function useFindings(
  feed: RequestFeed,
  filter: URLSearchParams,
  retries: Retries,
): { kinds?: Kind[]; findings?: Finding[] } {
  const { data, reload } = useResource(() => loadSources(filter), [filter.toString()]);
  useThrottled(reload, refreshMilliseconds(feed), [feed.total.value]);
  const requests = feed.requests.value;
  return useMemo(() => {
    if (!data) return {};
    const named = new Set(requests.map((each) => each.network_transaction_id));
    const disagreements = data.disagreements.filter(
      (each) => filter.size === 0 || named.has(each.network_transaction_id),
    );
    const { kinds } = data;
    return { kinds, findings: findingsOf({ ...data, disagreements, requests, retries }) };
  }, [data, requests, retries]);
}

/** One page of each source of findings. */
async function loadSources(filter: URLSearchParams) {
  const [kinds, disagreements] = await Promise.all([loadKinds(filter), loadDisagreements()]);
  const hasErrors = kinds.some(({ warning }) => !warning);
  return { kinds, disagreements, rejected: hasErrors ? await loadRejected(filter) : [] };
}

async function loadRejected(filter: URLSearchParams): Promise<RecordedRequest[]> {
  const statuses = filter.has("status") ? [filter.get("status")!] : ["5xx", "4xx"];
  const pages = await Promise.all(
    statuses.map((status) => {
      const query = { ...Object.fromEntries(filter), status, limit: MAX_ROWS };
      return unwrap(api.GET("/sandbox/requests", { params: { query } }));
    }),
  );
  return pages.flatMap(({ data }) => data);
}

async function loadDisagreements(): Promise<ReconciledTransaction[]> {
  const query = { limit: MAX_ROWS };
  return (await unwrap(api.GET("/sandbox/reconciliation", { params: { query } }))).data;
}

/** The orders that findings name. Each source is limited to its newest entries. */
export async function loadOrdersWithFindings(): Promise<Set<string>> {
  const { kinds, disagreements, rejected } = await loadSources(new URLSearchParams());
  return new Set([
    ...disagreements.flatMap(({ order_events }) => order_events.order_ids),
    ...kinds.flatMap(({ order_ids }) => order_ids),
    ...rejected.flatMap(({ order_id }) => order_id ?? []),
  ]);
}
