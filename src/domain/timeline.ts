import { isRejecting, type AppliedFault } from "./faults.ts";
import {
  figuresOf,
  type Figures,
  type LedgerTotals,
  type Measure,
  type OrderedTotals,
} from "./ledger-state.ts";
import type { Money } from "./money.ts";
import type { OrderChange } from "./order-changes.ts";
import type { RequestError } from "./requests.ts";

/** What can happen to an order: the changes of its history, and requests that changed nothing. */
const KIND_OF = {
  CREATED: "created",
  REPLACED: "replaced",
  DELETED: "deleted",
  EVENT_APPENDED: "event_appended",
  EVENT_DELETED: "event_deleted",
} as const satisfies Record<OrderChange, string>;
export const TIMELINE_KINDS = [
  ...Object.values(KIND_OF),
  "refused",
  "replayed",
  "faulted",
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** A change as the order's history has it, with the sums after it. */
export interface PastChange extends LedgerTotals, OrderedTotals {
  version: number;
  change: OrderChange;
  order_event_id: string | null;
  request_id: string;
  changed_at: string;
}

/** A request on the order, as far as it is recorded still. Timestamps are RFC 3339. */
export interface PastRequest {
  request_id: string;
  at: string;
  method: string;
  /** The version that it made; null where it changed nothing. */
  version_after: number | null;
  error?: RequestError;
  fault?: AppliedFault;
}

/** The figures of one measure, with what was ordered. */
interface OrderFigures extends Figures {
  ordered: Money;
}

export interface TimelineFigures extends OrderFigures {
  rewards: OrderFigures;
}

export interface TimelineEntry {
  kind: TimelineKind;
  at: string;
  request_id: string;
  version?: number;
  figures?: TimelineFigures;
  order_event_id?: string;
  error?: RequestError;
  fault?: AppliedFault;
}

export function timelineFiguresOf(change: LedgerTotals & OrderedTotals): TimelineFigures {
  const of = (ordered: Money, measure: Measure) => ({ ordered, ...figuresOf(change, measure) });
  return {
    ...of(change.total_order_amount, "amount"),
    rewards: of(change.total_rewards_amount, "rewards_amount"),
  };
}

/**
 * What happened to an order, oldest first: its changes by their version, and between them, by their time, the
 * writes that changed nothing. Both come oldest first.
 */
export function timelineOf(changes: PastChange[], requests: PastRequest[]): TimelineEntry[] {
  const writes = requests.filter(({ method }) => method !== "GET");
  const timeline: { time: number; entry: TimelineEntry }[] = [];
  let time = 0;
  for (const change of changes) {
    const { version, request_id, order_event_id } = change;
    // A client may send one request id many times, but only one of its requests made this version.
    const request = writes.find(
      (each) => each.request_id === request_id && each.version_after === version,
    );
    // Requests can overtake each other on their way. The versions say how it was.
    time = Math.max(time, Date.parse(request?.at ?? change.changed_at));
    timeline.push({
      time,
      entry: {
        kind: KIND_OF[change.change],
        at: request?.at ?? change.changed_at,
        request_id,
        version,
        figures: timelineFiguresOf(change),
        ...(order_event_id !== null && { order_event_id }),
        ...(request?.fault && { fault: request.fault }),
      },
    });
  }
  const unchanging = writes
    .filter(({ version_after }) => version_after === null)
    .map((request) => ({ time: Date.parse(request.at), entry: withoutEffect(request) }));
  // A stable sort: what is as old as a change comes after it.
  return [...timeline, ...unchanging].toSorted((a, b) => a.time - b.time).map(({ entry }) => entry);
}

function withoutEffect({ request_id, at, error, fault }: PastRequest): TimelineEntry {
  const isFaulted = fault !== undefined && isRejecting(fault.fault);
  return {
    kind: isFaulted ? "faulted" : error ? "refused" : "replayed",
    at,
    request_id,
    ...(error && { error }),
    ...(fault && { fault }),
  };
}
