import type { RecordedRequest } from "../api.ts";

const RATE_LIMITED = 429;

/** Whether the client may retry the request: it had no response, a server error, a 429 or a fault. */
const isUnsettled = ({ status, fault }: RecordedRequest): boolean =>
  status === null || status >= 500 || status === RATE_LIMITED || fault !== undefined;

/** The requests that repeat an earlier one which failed. Requests come newest first. */
export function retriesAmong(requests: readonly RecordedRequest[]): ReadonlySet<string> {
  const retries = new Set<string>();
  const unsettled = new Set<string>();
  for (const request of requests.toReversed()) {
    const subject = subjectOf(request);
    if (unsettled.delete(subject)) retries.add(request.id);
    if (isUnsettled(request)) unsettled.add(subject);
  }
  return retries;
}

/** Equal for a request and its retries. It has no event ID, so that a retry with another ID is recognized. */
function subjectOf({ method, path, order_id, content = {}, ...ids }: RecordedRequest): string {
  const { event_type, card_status, amount } = content;
  const { partner_order_id, network_transaction_id } = ids;
  const about = [order_id ?? partner_order_id, network_transaction_id, event_type, card_status];
  return [method, path, ...about, amount].join(" ");
}
