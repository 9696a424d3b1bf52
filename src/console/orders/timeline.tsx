import { Link } from "wouter-preact";
import { FAULTS } from "../../domain/faults.ts";
import type { OrderEvent, Timeline, TimelineEntry, TimelineFigures } from "../api.ts";
import { hrefOf } from "../location.ts";
import { Money, Prose, Time } from "../parts/values.tsx";
import { Compare } from "./compare.tsx";
import { MEASURES, type LedgerFigures } from "./ledger.tsx";

const KINDS: Record<TimelineEntry["kind"], string> = {
  created: "Order created",
  replaced: "Order replaced",
  deleted: "Order deleted",
  event_appended: "Event added",
  event_deleted: "Event deleted",
  refused: "Rejected",
  replayed: "Repeated: the stored response was returned",
  faulted: "Not executed because of a fault",
};

interface TimelineProps {
  timeline: Timeline;
  events: OrderEvent[];
  currency: string;
}

export function TimelineTable({ timeline, events, currency }: TimelineProps) {
  const { data, has_more } = timeline;
  const eventsById = new Map(events.map((event) => [event.order_event_id, event]));
  return (
    <div class="table">
      {has_more && <p class="quiet">Older entries are not shown.</p>}
      <table class="timeline">
        <thead>
          <tr>
            <th scope="col">when</th>
            <th scope="col">what happened</th>
            {MEASURES.map((name) => (
              <th key={name} scope="col" class="right">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.map((entry, index) => (
            <Entry
              key={`${entry.request_id} ${entry.kind} ${entry.version}`}
              entry={entry}
              event={eventsById.get(entry.order_event_id ?? "")}
              before={data.slice(0, index).findLast(({ figures }) => figures)?.figures}
              replaced={data.slice(0, index).findLast(isVersion)}
              currency={currency}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const isVersion = ({ kind }: TimelineEntry) => kind === "created" || kind === "replaced";

interface EntryProps {
  entry: TimelineEntry;
  /** The event of the entry, unless it was deleted. */
  event: OrderEvent | undefined;
  /** The figures before this entry. */
  before: TimelineFigures | undefined;
  /** The earlier version of the order. */
  replaced: TimelineEntry | undefined;
  currency: string;
}

function Entry({ entry, event, before, replaced, currency }: EntryProps) {
  const { kind, at, request_id, order_event_id, version, error, fault, figures } = entry;
  return (
    <tr class={kind}>
      <td>
        <Time at={at} />
      </td>
      <td colSpan={figures ? 1 : MEASURES.length + 1}>
        <b>{event && kind === "event_appended" ? event.type : KINDS[kind]}</b>{" "}
        {event && <Money amount={event.amount} currency={event.currency} />}{" "}
        {order_event_id && <span>{order_event_id}</span>}{" "}
        {version !== undefined && <small class="quiet">version {version}</small>}{" "}
        {fault && <span class="tag fault">{fault.fault}</span>}{" "}
        <Link href={hrefOf("requests", undefined, { request_id })}>request</Link>
        {error && (
          <p>
            <b>{error.type}</b>: {error.message}
          </p>
        )}
        {fault && figures && (
          <p>
            Executed, but the client received <Prose text={FAULTS[fault.fault].effect} />.
          </p>
        )}
        {kind === "replaced" && replaced && <Compare before={replaced} after={entry} />}
      </td>
      {figures &&
        MEASURES.map((name) => (
          <Figure key={name} name={name} figures={figures} before={before} currency={currency} />
        ))}
    </tr>
  );
}

interface FigureProps {
  name: keyof LedgerFigures;
  figures: TimelineFigures;
  before: TimelineFigures | undefined;
  currency: string;
}

/** A figure after the entry, in bold if the entry changed it. */
function Figure({ name, figures, before, currency }: FigureProps) {
  const rewards = figures.rewards[name];
  return (
    <td class="right">
      <span class={figures[name] === (before?.[name] ?? 0) ? undefined : "changed"}>
        <Money amount={figures[name]} currency={currency} />
      </span>
      {rewards > 0 && (
        <small class={rewards === (before?.rewards[name] ?? 0) ? "quiet" : "changed"}>
          + <Money amount={rewards} currency={currency} /> rewards
        </small>
      )}
    </td>
  );
}
