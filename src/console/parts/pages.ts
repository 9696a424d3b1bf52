import { useEffect, useRef, useState } from "preact/hooks";
import { useResource, type Resource } from "./resource.ts";

interface Page<T> {
  data: T[];
  total: number;
}

interface Pages<T> extends Omit<Resource<unknown>, "data"> {
  /** Newest first; undefined until the first page is loaded. */
  items: T[] | undefined;
  total: number;
  loadMore: () => void;
}

/** Loads a list page by page. A new revision reloads the first page, and keeps the older items that adjoin it. */
export function usePages<T extends { id: string }>(
  load: (starting_after?: string) => Promise<Page<T>>,
  inputs: unknown[],
  revision = 0,
): Pages<T> {
  const { data, ...state } = useResource(() => load(), inputs, revision);
  const [items, setItems] = useState<T[]>();
  const isLoading = useRef(false);
  useEffect(() => {
    setItems((before) => data && merge(data.data, before ?? []));
  }, [data]);
  const loadOlder = async () => {
    const last = items?.at(-1);
    if (!data || !last || items!.length >= data.total || isLoading.current) return;
    isLoading.current = true;
    const page = await load(last.id).catch(() => undefined);
    isLoading.current = false;
    if (page) setItems((before) => before && append(before, page.data));
  };
  return { ...state, items, total: data?.total ?? 0, loadMore: () => void loadOlder() };
}

/** Keeps the known items after the last item of the newest page; none if there might be a gap between the two. */
function merge<T extends { id: string }>(newest: T[], known: T[]): T[] {
  const last = newest.at(-1)?.id;
  const end = known.findIndex(({ id }) => id === last);
  return end === -1 ? newest : append(newest, known.slice(end + 1));
}

function append<T extends { id: string }>(items: T[], older: T[]): T[] {
  const ids = new Set(items.map(({ id }) => id));
  return [...items, ...older.filter(({ id }) => !ids.has(id))];
}
