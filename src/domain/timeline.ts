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
import { ORDER_EVENT_TYPES, SUM_OF, type OrderEventType } from "./order-events.ts";
import type { RequestContent, RequestError } from "./requests.ts";
import type { TransactionEvent, TransactionStatus } from "./transactions.ts";
import type { Warning } from "./warnings.ts";

const CHANGE_KINDS = {
  CREATED: "created",
  REPLACED: "replaced",
  DELETED: "deleted",
  EVENT_APPENDED: "event_appended",
  EVENT_DELETED: "event_deleted",
} as const satisfies Record<OrderChange, string>;

const CARD_KINDS = {
  APPROVED: "card_approved",
  UPDATED: "card_updated",
  VOIDED: "card_voided",
  CAPTURED: "card_captured",
  REFUNDED: "card_refunded",
} as const satisfies Record<TransactionStatus, string>;

/** The changes of an order, the requests that changed nothing, and the events of its card transactions. */
export const TIMELINE_KINDS = [
  ...Object.values(CHANGE_KINDS),
  "refused",
  "replayed",
  "faulted",
  ...Object.values(CARD_KINDS),
] as const;
type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** A change in an order's history, with the sums after it. */
export interface PastChange extends LedgerTotals, OrderedTotals {
  version: number;
  change: OrderChange;
  order_event_id: string | null;
  request_id: string;
  changed_at: string;
}

/** A recorded request on an order. Timestamps are RFC 3339. */
export interface PastRequest {
  request_id: string;
  at: string;
  method: string;
  /** The version that the request created; null if it changed nothing. */
  version_after: number | null;
  order_event_id?: string;
  content?: RequestContent;
  error?: RequestError;
  fault?: AppliedFault;
  warnings?: Warning[];
}

/** An event of a card transaction that an order's events name. */
export interface CardEvent extends Pick<
  TransactionEvent,
  "transaction_id" | "event_id" | "version" | "status" | "amount" | "created_at"
> {
  network_transaction_id: string;
  currency: string;
}

interface OrderFigures extends Figures {
  ordered: Money;
}

export interface TimelineFigures extends OrderFigures {
  rewards: OrderFigures;
}

/** The event that a change appended or deleted, or that a request names. */
interface ChangedEvent extends Record<Measure, Money> {
  /** Absent for an event without amounts, which changes no sum. */
  type?: OrderEventType;
}

export interface TimelineEntry extends Partial<ChangedEvent> {
  kind: TimelineKind;
  at: string;
  /** Absent for an event on the card. */
  request_id?: string;
  version?: number;
  figures?: TimelineFigures;
  order_event_id?: string;
  error?: RequestError;
  fault?: AppliedFault;
  warnings?: Warning[];
  /** Of an event on the card. */
  transaction_id?: string;
  event_id?: string;
  network_transaction_id?: string;
  currency?: string;
}

export function timelineFiguresOf(change: LedgerTotals & OrderedTotals): TimelineFigures {
  const of = (ordered: Money, measure: Measure) => ({ ordered, ...figuresOf(change, measure) });
  return {
    ...of(change.total_order_amount, "amount"),
    rewards: of(change.total_rewards_amount, "rewards_amount"),
  };
}

/** The sources of an order's timeline. Each list is oldest first. */
interface TimelineParts {
  changes: PastChange[];
  requests: PastRequest[];
  cardEvents?: CardEvent[];
  /** The change before the first one, if that is known. */
  previous?: PastChange | undefined;
  /** Whether older requests exist. */
  hasOlderRequests?: boolean;
}

/**
 * An order's history, oldest first: its changes by version, and between them, by time, the writes that changed
 * nothing and the events on the card.
 */
export function timelineOf({
  changes,
  requests,
  cardEvents = [],
  previous,
  hasOlderRequests = false,
}: TimelineParts): TimelineEntry[] {
  const writes = requests.filter(({ method }) => method !== "GET");
  // A client may send the same request ID again, but only one of its requests created this version.
  const byChange = new Map(writes.map((each) => [changeKey(each.version_after, each), each]));
  const timeline: { time: number; entry: TimelineEntry }[] = [];
  let time = 0;
  for (const [index, change] of changes.entries()) {
    const request = byChange.get(changeKey(change.version, change));
    // Clocks differ and requests overtake each other. The versions have the true order.
    time = Math.max(time, Date.parse(request?.at ?? change.changed_at));
    const entry = entryOfChange(change, changes[index - 1] ?? previous, request);
    timeline.push({ time, entry });
  }
  const unchanging = writes
    .filter(({ version_after }) => version_after === null)
    .map((request) => ({ time: Date.parse(request.at), entry: entryOfRequest(request) }));
  const onCard = cardEvents.map((event) => ({
    time: Date.parse(event.created_at),
    entry: entryOfCardEvent(event),
  }));
  // A page that starts in the middle of the history leaves out everything before its first complete moment.
  const start = Math.max(
    previous ? (timeline[0]?.time ?? 0) : 0,
    hasOlderRequests ? Date.parse(requests[0]?.at ?? "") || 0 : 0,
  );
  // The sort is stable: at the same time, the card comes first, then the change, then other requests.
  return [...onCard, ...timeline, ...unchanging]
    .filter((each) => each.time >= start)
    .toSorted((a, b) => a.time - b.time)
    .map(({ entry }) => entry);
}

const changeKey = (version: number | null, { request_id }: { request_id: string }): string =>
  `${version} ${request_id}`;

function entryOfChange(
  change: PastChange,
  previous: PastChange | undefined,
  request: PastRequest | undefined,
): TimelineEntry {
  const { order_event_id, version, request_id, changed_at } = change;
  return {
    kind: CHANGE_KINDS[change.change],
    at: request?.at ?? changed_at,
    request_id,
    version,
    ...(order_event_id !== null && { order_event_id }),
    ...(order_event_id !== null && previous && changedEvent(change, previous)),
    figures: timelineFiguresOf(change),
    ...(request?.fault && { fault: request.fault }),
    ...(request?.warnings && { warnings: request.warnings }),
  };
}

/** Derives an event's type and amounts from the sums before and after it, because the history doesn't store them. */
function changedEvent(after: LedgerTotals, before: LedgerTotals): ChangedEvent {
  for (const type of ORDER_EVENT_TYPES) {
    const difference = (measure: Measure) => {
      const sum = `${SUM_OF[type]}_${measure}` as const;
      return Math.abs(after[sum] - before[sum]);
    };
    const [amount, rewards_amount] = [difference("amount"), difference("rewards_amount")];
    if (amount > 0 || rewards_amount > 0) return { type, amount, rewards_amount };
  }
  return { amount: 0, rewards_amount: 0 };
}

function entryOfRequest(request: PastRequest): TimelineEntry {
  const { request_id, at, order_event_id, content, error, fault, warnings } = request;
  const { event_type, amount } = content ?? {};
  const isFaulted = fault !== undefined && isRejecting(fault.fault);
  return {
    kind: isFaulted ? "faulted" : error ? "refused" : "replayed",
    at,
    request_id,
    ...(order_event_id !== undefined && { order_event_id }),
    ...(event_type && { type: event_type, ...(amount !== undefined && { amount }) }),
    ...(error && { error }),
    ...(fault && { fault }),
    ...(warnings && { warnings }),
  };
}

function entryOfCardEvent(event: CardEvent): TimelineEntry {
  const { status, created_at, version: _, ...named } = event;
  return { kind: CARD_KINDS[status], at: created_at, ...named };
}
