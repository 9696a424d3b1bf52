/** Whether the client stops repeating refused requests. */
import { REFUSAL_STATUSES } from "../errors.ts";
import { isExecuted } from "./creations.ts";
import type { ObservedRequest, ReadinessFacts } from "./facts.ts";
import {
  counted,
  evidenceOfAll,
  failed,
  nameOf,
  notSeen,
  passed,
  type Verdict,
} from "./verdict.ts";

/**
 * The statuses where sending the same request again gets the same refusal. Not 412: the hash leaves out `If-Match`, so
 * a retry with a newer one would look unchanged.
 */
const REFUSALS = new Set<number>(
  Object.values(REFUSAL_STATUSES).filter((status) => status < 500 && status !== 412),
);
export const REFUSAL_LIST = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(
  [...REFUSALS].map(String),
);

const isRefusedWrite = ({ method, status, trace }: ObservedRequest): boolean =>
  method !== "GET" && status !== null && REFUSALS.has(status) && trace.hash !== undefined;

/** A request counts as a retry if it follows the same request within this time. */
const RETRY_MILLISECONDS = 60_000;
/** The original, and one retry. */
const MAX_ATTEMPTS = 2;

/** The refused writes. Each list has one request and its unchanged retries, up to the next change of the order. */
function refusalsOf(requests: readonly ObservedRequest[]): ObservedRequest[][] {
  const runs: ObservedRequest[][] = [];
  const openByOrder = new Map<string | null, Map<number, ObservedRequest[]>>();
  for (const request of requests) {
    const { order_id, trace } = request;
    if (isExecuted(request)) openByOrder.delete(order_id);
    if (!isRefusedWrite(request)) continue;
    const open = openByOrder.get(order_id) ?? new Map<number, ObservedRequest[]>();
    openByOrder.set(order_id, open);
    const run = open.get(trace.hash!);
    if (run && request.at - run.at(-1)!.at <= RETRY_MILLISECONDS) run.push(request);
    else {
      const started = [request];
      open.set(trace.hash!, started);
      runs.push(started);
    }
  }
  return runs;
}

export function checkNoBlindRetries({ requests }: ReadinessFacts): Verdict {
  const runs = refusalsOf(requests);
  const [one] = runs;
  if (!one) return notSeen(`No write was refused with ${REFUSAL_LIST}.`);
  const blind = findBlind(runs);
  if (blind) return blind;
  const [first, ...others] = runs.map(([refused]) => refused!);
  return passed(
    `Looked at ${counted(runs.length, "refused write")}: none was repeated unchanged more than once.`,
    evidenceOfAll(first!, ...others),
  );
}

function findBlind(runs: ObservedRequest[][]): Verdict | undefined {
  const blind = runs.find((run) => run.length > MAX_ATTEMPTS);
  if (!blind) return undefined;
  const [first, ...others] = blind;
  return failed(
    `${nameOf(first!)} was refused with ${first!.status}, and sent ${counted(others.length, "more time")} unchanged.`,
    evidenceOfAll(first!, ...others),
  );
}

const isExcessiveRefund = ({ status, error, content }: ObservedRequest): boolean =>
  status === 409 &&
  content?.event_type === "REFUNDED" &&
  (error?.param === "amount" || error?.param === "rewards_amount");

export function checkRefusedRefund({ requests, assume }: ReadinessFacts): Verdict {
  const runs = refusalsOf(requests).filter(([first]) => isExcessiveRefund(first!));
  const [one, ...others] = runs.map(([refused]) => refused!);
  if (!one) {
    return notSeen(
      assume.refund_beyond_captured === "refused"
        ? "The client got no 409 for a refund above the captured amount."
        : "This environment accepts refunds above the captured amount. Prove this in an environment that assumes refund_beyond_captured: refused.",
    );
  }
  return (
    findBlind(runs) ??
    passed(
      `${nameOf(one)} was refused: ${one.error?.message} It was repeated unchanged at most once.`,
      evidenceOfAll(one, ...others),
    )
  );
}
