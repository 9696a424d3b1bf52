import { useMemo } from "preact/hooks";
import { api, unwrap, type ReconciledTransaction, type RecordedRequest } from "../api.ts";
import { useResource, useThrottled } from "../parts/resource.ts";
import type { RequestFeed } from "./feed.ts";
import { findingsOf, type Finding } from "./findings.ts";
import { refreshMilliseconds, type Kind } from "./kinds.ts";
import type { Retries } from "./retries.ts";

const MAX_ROWS = 100;

/** The findings of all requests that match the filter, from one page of each source. */
export function useFindings(
  feed: RequestFeed,
  filter: URLSearchParams,
  kinds: Kind[] | undefined,
  retries: Retries,
): Finding[] | undefined {
  const hasErrors = kinds?.some(({ isWarning }) => !isWarning) === true;
  const { data, reload } = useResource(async () => {
    const [rejected, disagreements] = await Promise.all([
      kinds && hasErrors ? loadRejected(filter) : [],
      loadDisagreements(),
    ]);
    return { rejected, disagreements };
  }, [filter.toString(), hasErrors]);
  useThrottled(reload, refreshMilliseconds(feed), [feed.total.value]);
  const requests = feed.requests.value;
  return useMemo(() => {
    if (!data || !kinds) return undefined;
    const named = new Set(requests.map((each) => each.network_transaction_id));
    const disagreements = data.disagreements.filter(
      (each) => filter.size === 0 || named.has(each.network_transaction_id),
    );
    return findingsOf({ rejected: data.rejected, disagreements, requests, retries, kinds });
  }, [data, kinds, requests, retries]);
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
