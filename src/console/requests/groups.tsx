import { useState } from "preact/hooks";
import { navigate } from "wouter-preact/use-browser-location";
import { hrefOf, without } from "../location.ts";
import type { Kind } from "./kinds.ts";

/** The number of kinds to show until the user expands the list. */
const SHOWN = 6;

interface GroupsProps {
  /** Undefined until they are counted. */
  kinds: Kind[] | undefined;
  /** The kind that the list is limited to. */
  selected: string;
  query: URLSearchParams;
}

export function Groups({ kinds, selected, query }: GroupsProps) {
  const [isComplete, setComplete] = useState(false);
  if (!kinds?.length) return null;
  const select = (kind: string) => {
    const next = without(query, "kind");
    if (kind !== selected) next.set("kind", kind);
    navigate(hrefOf("requests", undefined, next), { replace: true });
  };
  const shown = isComplete ? kinds : kinds.slice(0, SHOWN);
  return (
    <div class="groups kinds" role="group" aria-label="Errors and warnings by kind">
      {shown.map(({ name, isWarning, count }) => (
        <button
          key={name}
          type="button"
          class={isWarning ? "chip warning" : "chip"}
          aria-pressed={name === selected}
          onClick={() => select(name)}
        >
          {name} <b>{count}</b>
        </button>
      ))}
      {kinds.length > SHOWN && (
        <button type="button" class="chip more" onClick={() => setComplete(!isComplete)}>
          {isComplete ? "Show fewer" : `${kinds.length - SHOWN} more`}
        </button>
      )}
    </div>
  );
}
