import { useMemo } from "preact/hooks";
import type { RecordedRequest } from "../api.ts";
import { setQuery } from "../location.ts";

/** A kind of error or warning. */
interface Kind {
  name: string;
  isWarning: boolean;
}

/** Names a field without its indexes, so that the same mistake on two lines is one kind. */
export const kindName = (type: string, param: string | undefined): string =>
  param ? `${type} · ${param.replace(/\[\d+\]/g, "[]")}` : type;

export function kindsOf({ error, warnings = [] }: RecordedRequest): Kind[] {
  return [
    ...(error ? [{ name: kindName(error.type, error.param), isWarning: false }] : []),
    ...warnings.map(({ code, param }) => ({ name: kindName(code, param), isWarning: true })),
  ];
}

interface GroupsProps {
  requests: readonly RecordedRequest[];
  /** The kind that the list is limited to. */
  kind: string;
  isFiltered: boolean;
}

export function Groups({ requests, kind, isFiltered }: GroupsProps) {
  const groups = useMemo(() => groupByKind(requests), [requests]);
  return (
    <div class="groups" role="group" aria-label="Errors and warnings by kind">
      {groups.length === 0 && (
        <span class="quiet">No errors or warnings{isFiltered && " in these requests"}</span>
      )}
      {groups.map(({ name, isWarning, count }) => (
        <button
          key={name}
          type="button"
          class={isWarning ? "chip warning" : "chip"}
          aria-pressed={name === kind}
          onClick={() => setQuery("kind", name === kind ? "" : name)}
        >
          {name} <b>{count}</b>
        </button>
      ))}
    </div>
  );
}

const MAX_GROUPS = 20;

/** Errors before warnings, the most frequent first. */
function groupByKind(requests: readonly RecordedRequest[]): (Kind & { count: number })[] {
  const groups = new Map<string, Kind & { count: number }>();
  for (const kind of requests.flatMap(kindsOf)) {
    const count = (groups.get(kind.name)?.count ?? 0) + 1;
    groups.set(kind.name, { ...kind, count });
  }
  return [...groups.values()]
    .toSorted((a, b) => Number(a.isWarning) - Number(b.isWarning) || b.count - a.count)
    .slice(0, MAX_GROUPS);
}
