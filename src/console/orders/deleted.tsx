import { useEffect } from "preact/hooks";
import { plural } from "../format.ts";
import { followLink, hrefOf } from "../location.ts";
import { Pending } from "../parts/feedback.tsx";
import { useResource } from "../parts/resource.ts";
import { findDeletedIds } from "./find.ts";

interface DeletedListProps {
  open: string | undefined;
  revision: number;
  query: URLSearchParams;
  onLoaded: (newest: string | undefined) => void;
}

/** The orders that recent recorded requests deleted. */
export function DeletedList({ open, revision, query, onLoaded }: DeletedListProps) {
  const { data, problem, reload } = useResource(findDeletedIds, [], revision);
  useEffect(() => {
    if (data) onLoaded(data[0]);
  }, [data]);
  if (!data) return <Pending {...{ data, problem, reload }} />;
  return (
    <>
      <ul class="rows plain" aria-label="Deleted orders, newest first">
        {data.map((id) => (
          <li key={id}>
            <a
              class="line order"
              href={hrefOf("orders", id, query)}
              aria-current={id === open || undefined}
              onClick={followLink}
            >
              <span class="what">
                <b>{id}</b>
              </span>
              <span class="marks">
                <span class="tag fault">deleted</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
      <p class="count quiet">{plural(data.length, "order")} deleted in the last 7 days</p>
    </>
  );
}
