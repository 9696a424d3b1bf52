import { useMemo } from "preact/hooks";
import { api, unwrap, type ReconciledTransaction, type RecordedRequest } from "../api.ts";
import { reconcile } from "../orders/card.tsx";
import { useResource, useThrottled } from "../parts/resource.ts";
import type { RequestFeed } from "./feed.ts";
import { findingsOf, type Finding } from "./findings.ts";
import type { Kind } from "./kinds.ts";
import type { Retries } from "./retries.ts";

const REFRESH_MILLISECONDS = 1_000;
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
      loadDisagreements(filter),
    ]);
    return { rejected, disagreements };
  }, [filter.toString(), hasErrors]);
  useThrottled(reload, REFRESH_MILLISECONDS, [feed.total.value]);
  const requests = feed.requests.value;
  return useMemo(
    () => data && kinds && findingsOf({ ...data, requests, retries, kinds }),
    [data, kinds, requests, retries],
  );
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

/** The disagreements of the environment, or of the order or transaction that the filter names. */
async function loadDisagreements(filter: URLSearchParams): Promise<ReconciledTransaction[]> {
  const order_id = filter.get("order_id");
  const network_transaction_id = filter.get("network_transaction_id");
  if (order_id) {
    const { transactions = [] } = (await reconcile(order_id)) ?? {};
    return transactions.filter(({ findings }) => findings.length > 0);
  }
  if (filter.size > 0 && !network_transaction_id) return [];
  const query = network_transaction_id ? { network_transaction_id } : { limit: MAX_ROWS };
  const { data } = await unwrap(api.GET("/sandbox/reconciliation", { params: { query } }));
  return data.filter(({ findings }) => findings.length > 0);
}
