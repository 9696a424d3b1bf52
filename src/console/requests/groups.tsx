import { navigate } from "wouter-preact/use-browser-location";
import { hrefOf, without } from "../location.ts";
import { explain } from "../parts/tags.tsx";
import type { Kind } from "./kinds.ts";

interface GroupsProps {
  /** Undefined until they are counted. */
  kinds: Kind[] | undefined;
  /** The kind that the list is limited to. */
  selected: string;
  query: URLSearchParams;
}

export function Groups({ kinds, selected, query }: GroupsProps) {
  if (!kinds?.length) return null;
  const select = (kind: string) => {
    const next = without(query, "kind");
    if (kind !== selected) next.set("kind", kind);
    navigate(hrefOf("requests", undefined, next), { replace: true });
  };
  return (
    <div class="groups kinds" role="group" aria-label="Errors and warnings by kind">
      {kinds.map(({ name, warning, count }) => (
        <button
          key={name}
          type="button"
          class={warning ? "chip warning" : "chip"}
          title={warning && explain(warning, "")}
          aria-pressed={name === selected}
          onClick={() => select(name)}
        >
          {name} <b>{count}</b>
        </button>
      ))}
    </div>
  );
}
