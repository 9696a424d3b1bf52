import { useMemo } from "preact/hooks";
import { navigate, usePathname, useSearch } from "wouter-preact/use-browser-location";

/** The parts of the URL: a screen, its open item, and its filters. */
export interface Place {
  screen: string;
  id: string | undefined;
  query: URLSearchParams;
}

const ROOT = "/console";

// wouter's own route patterns decode a path twice, which changes IDs that contain a percent sign.
export function usePlace(): Place {
  const path = usePathname();
  const search = useSearch();
  return useMemo(() => {
    const [screen = "requests", id] = path.slice(ROOT.length).split("/").filter(Boolean);
    return { screen, id: id && decode(id), query: new URLSearchParams(search) };
  }, [path, search]);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export function hrefOf(
  screen: string,
  id?: string,
  query?: URLSearchParams | Record<string, string>,
): string {
  const path = id === undefined ? screen : `${screen}/${encodeURIComponent(id)}`;
  const search = new URLSearchParams(query).toString();
  return `${ROOT}/${path}${search && `?${search}`}`;
}

/** Changes one filter in the URL. Reads the URL again, as it may have changed since the last render. */
export function setQuery(name: string, value: string): void {
  const query = new URLSearchParams(location.search);
  if (value) query.set(name, value);
  else query.delete(name);
  navigate(`${location.pathname}?${query}`, { replace: true });
}

/** Follows a link of a list without loading the page. wouter's Link would subscribe every row to the location. */
export function followLink(event: MouseEvent): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  event.preventDefault();
  navigate((event.currentTarget as HTMLAnchorElement).href);
}

export function without(query: URLSearchParams, name: string): URLSearchParams {
  const rest = new URLSearchParams(query);
  rest.delete(name);
  return rest;
}
