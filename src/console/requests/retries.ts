import { FAULTS } from "../../domain/faults.ts";
import type { RecordedRequest } from "../api.ts";
import { clockTime } from "../format.ts";

const RATE_LIMITED = 429;

/** Whether a retry may follow: the request got no response, a server error, a 429 or a fault. */
const isUnsettled = ({ status, fault }: RecordedRequest): boolean =>
  status === null || status >= 500 || status === RATE_LIMITED || fault !== undefined;

/** The failed request that each retry repeats, by the retry's ID. */
export type Retries = ReadonlyMap<string, RecordedRequest>;

/** Finds the requests that repeat an earlier failed one. `requests` is sorted newest first. */
export function retriesAmong(requests: readonly RecordedRequest[]): Retries {
  const retries = new Map<string, RecordedRequest>();
  const unsettled = new Map<string, RecordedRequest>();
  for (const request of requests.toReversed()) {
    const subject = subjectOf(request);
    const first = unsettled.get(subject);
    if (first) retries.set(request.id, first);
    unsettled.delete(subject);
    if (isUnsettled(request)) unsettled.set(subject, request);
  }
  return retries;
}

/** Equal for a request and its retries, even if each has a different generated ID. */
function subjectOf({ method, path, order_id, content = {}, ...ids }: RecordedRequest): string {
  const { event_type, card_status, amount } = content;
  const { partner_order_id, network_transaction_id } = ids;
  const order = event_type ? order_id : (partner_order_id ?? order_id);
  return [method, path, order, network_transaction_id, event_type, card_status, amount].join(" ");
}

/** Whether both were executed: a first request whose response a fault withheld, and its retry. */
export const isSecondExecution = (retry: RecordedRequest, { fault, ...first }: RecordedRequest) =>
  retry.method === "POST" &&
  fault !== undefined &&
  FAULTS[fault.fault].executes &&
  (first.status === null || first.status >= 500 || FAULTS[fault.fault].delivers === "part") &&
  (first.error === undefined || fault.fault === "error_after_commit") &&
  (retry.status ?? 0) < 300 &&
  !retry.replayed &&
  (retry.order_id !== first.order_id || retry.order_event_id !== first.order_event_id);

/** `repeats the request of 15:46:32, whose response was lost` */
export const describeRetry = ({ at, status }: RecordedRequest): string =>
  `repeats the request of ${clockTime(at)}, ${status === null ? "whose response was lost" : `which returned ${status}`}`;
