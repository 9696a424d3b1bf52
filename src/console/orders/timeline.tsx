import { useState } from "preact/hooks";
import type { Timeline, TimelineEntry, TimelineFigures } from "../api.ts";
import { clockTime, dayOf } from "../format.ts";
import { Entry } from "./entry.tsx";
import { FIGURES } from "./ledger.tsx";

/** An entry, with the earlier figures and version to compare it with. */
export interface PlacedEntry {
  entry: TimelineEntry;
  /** The figures before this entry. */
  before: TimelineFigures | undefined;
  /** The entry of the order's earlier version. */
  replaced: TimelineEntry | undefined;
}

const MAX_GROUP_ENTRIES = 50;

function place(entries: TimelineEntry[]): PlacedEntry[] {
  let before: TimelineFigures | undefined;
  let replaced: TimelineEntry | undefined;
  return entries.map((entry) => {
    const placed = { entry, before, replaced };
    before = entry.figures ?? before;
    if (entry.kind === "created" || entry.kind === "replaced") replaced = entry;
    return placed;
  });
}

const keyOf = ({ request_id, event_id, kind, version }: TimelineEntry): string =>
  [request_id ?? event_id, kind, version].join(" ");

/** Groups entries by day, in groups of limited size. */
function group(entries: PlacedEntry[]): PlacedEntry[][] {
  const groups: PlacedEntry[][] = [];
  for (const placed of entries) {
    const last = groups.at(-1);
    const isSameDay = last && dayOf(last[0]!.entry.at) === dayOf(placed.entry.at);
    if (isSameDay && last.length < MAX_GROUP_ENTRIES) last.push(placed);
    else groups.push([placed]);
  }
  return groups;
}

interface TimelineProps {
  timeline: Timeline;
  currency: string;
}

export function TimelineTable({ timeline, currency }: TimelineProps) {
  const groups = group(place(timeline.data));
  return (
    <div class="table">
      {timeline.has_more && <p class="quiet">Older entries are not shown.</p>}
      <table class="timeline">
        <thead>
          <tr>
            <th scope="col">when</th>
            <th scope="col">what happened</th>
            {FIGURES.map((name) => (
              <th key={name} scope="col" class={`right ${name}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        {groups.map((entries, index) => (
          <Group
            key={keyOf(entries[0]!.entry)}
            entries={entries}
            currency={currency}
            isOnly={groups.length === 1}
            isLast={index === groups.length - 1}
          />
        ))}
      </table>
    </div>
  );
}

interface GroupProps {
  entries: PlacedEntry[];
  currency: string;
  isOnly: boolean;
  isLast: boolean;
}

/** The entries under a heading that unfolds them. Only the newest group is unfolded at first. */
function Group({ entries, currency, isOnly, isLast }: GroupProps) {
  const [isOpen, setOpen] = useState(isLast);
  const first = entries[0]!.entry.at;
  const last = entries.at(-1)!.entry.at;
  const rejected = entries.filter(({ entry }) => entry.kind === "refused").length;
  return (
    <tbody>
      {!isOnly && (
        <tr class="group">
          <th colSpan={FIGURES.length + 2} scope="rowgroup">
            <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
              {isOpen ? "▾" : "▸"} {dayOf(first)}, {clockTime(first)} to {clockTime(last)}:{" "}
              {entries.length === 1 ? "1 entry" : `${entries.length} entries`}
              {rejected > 0 && `, ${rejected} rejected`}
            </button>
          </th>
        </tr>
      )}
      {(isOpen || isOnly) &&
        entries.map((placed) => (
          <Entry key={keyOf(placed.entry)} {...placed} currency={currency} />
        ))}
    </tbody>
  );
}
