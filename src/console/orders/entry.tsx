import { Link } from "wouter-preact";
import { FAULTS } from "../../domain/faults.ts";
import type { TimelineEntry, TimelineFigures } from "../api.ts";
import { clockTime, fullTime, withMoney } from "../format.ts";
import { hrefOf } from "../location.ts";
import { FaultTag, WarningTag } from "../parts/tags.tsx";
import { Money, Prose } from "../parts/values.tsx";
import { Compare } from "./compare.tsx";
import { FIGURES, type LedgerFigures } from "./ledger.tsx";
import type { PlacedEntry } from "./timeline.tsx";

const KINDS: Record<TimelineEntry["kind"], string> = {
  created: "Order created",
  replaced: "Order replaced",
  deleted: "Order deleted",
  event_appended: "Event added",
  event_deleted: "Event deleted",
  refused: "Rejected",
  replayed: "Replayed",
  faulted: "Not executed",
  card_approved: "Card approved",
  card_updated: "Card approval changed",
  card_voided: "Card voided",
  card_captured: "Card captured",
  card_refunded: "Card refunded",
};

/** An entry links to its request. An event on the card has none, and links to its transaction. */
const hrefOfEntry = ({ request_id, transaction_id }: TimelineEntry): string =>
  request_id === undefined
    ? hrefOf("transactions", transaction_id)
    : hrefOf("requests", undefined, { request_id });

/** A row of the timeline: what happened, and the figures after it. */
export function Entry({ entry, before, replaced, currency }: PlacedEntry & { currency: string }) {
  const { kind, at, version, figures } = entry;
  const { order_event_id, network_transaction_id } = entry;
  return (
    <tr class={kind.startsWith("card_") ? "card" : kind}>
      <td>
        <time dateTime={at} title={fullTime(at)}>
          {clockTime(at)}
        </time>
      </td>
      <td colSpan={figures ? 1 : FIGURES.length + 1}>
        <Link href={hrefOfEntry(entry)}>
          <Title entry={entry} currency={entry.currency ?? currency} />
        </Link>{" "}
        {order_event_id ?? network_transaction_id}{" "}
        {version !== undefined && <small class="quiet">v{version}</small>}{" "}
        <Notes entry={entry} currency={currency} />
        {kind === "replaced" && replaced && <Compare before={replaced} after={entry} />}
      </td>
      {figures &&
        FIGURES.map((name) => (
          <Figure key={name} name={name} figures={figures} before={before} currency={currency} />
        ))}
    </tr>
  );
}

function Title({
  entry: { kind, type, amount },
  currency,
}: {
  entry: TimelineEntry;
  currency: string;
}) {
  return (
    <b>
      {[(kind !== "event_appended" || !type) && KINDS[kind], type].filter(Boolean).join(" ")}
      {amount !== undefined && (
        <>
          {" "}
          <Money amount={amount} currency={currency} />
        </>
      )}
    </b>
  );
}

type NotesProps = Pick<PlacedEntry, "entry"> & { currency: string };

function Notes({ entry: { error, fault, warnings = [], figures }, currency }: NotesProps) {
  return (
    <>
      {fault && <FaultTag name={fault.fault} />}{" "}
      {warnings.map((warning) => (
        <WarningTag key={warning.code + warning.param} warning={warning} currency={currency} />
      ))}
      {error && (
        <p>
          <span class="error">{error.type}</span>: {withMoney(error.message, currency)}
        </p>
      )}
      {fault && figures && (
        <p>
          Executed, but the client received <Prose text={FAULTS[fault.fault].effect} />.
        </p>
      )}
    </>
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
    <td class={`right ${name}`}>
      <span class={figures[name] === (before?.[name] ?? 0) ? "same" : "changed"}>
        <Money amount={figures[name]} currency={currency} />
      </span>
      {rewards > 0 && (
        <small class={rewards === (before?.rewards[name] ?? 0) ? "same" : "changed"}>
          + <Money amount={rewards} currency={currency} /> rewards
        </small>
      )}
    </td>
  );
}
