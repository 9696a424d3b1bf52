import type { ComponentChildren, JSX } from "preact";
import { Store, useStore } from "./store.ts";

/** Where the reader is: the URL is all of it, so that it can be sent to somebody. */
export interface Place {
  screen: string;
  /** What is open on the screen. */
  id: string | undefined;
  query: URLSearchParams;
}

const ROOT = "/console";

function here(): Place {
  const [screen, id] = location.pathname.slice(ROOT.length).split("/").filter(Boolean);
  return {
    screen: screen ?? "requests",
    id: id === undefined ? undefined : decoded(id),
    query: new URLSearchParams(location.search),
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const place = new Store(here());
addEventListener("popstate", () => (place.value = here()));

export const usePlace = (): Place => useStore(place);

/** Changes what is asked for, and keeps what is open: as it is now, which may not be as it was drawn. */
export function setQuery(name: string, content: string): void {
  const { screen, id, query } = place.value;
  const changed = new URLSearchParams(query);
  if (content) changed.set(name, content);
  else changed.delete(name);
  go(pathOf(screen, id, changed), "replace");
}

export function without(query: URLSearchParams, name: string): URLSearchParams {
  const rest = new URLSearchParams(query);
  rest.delete(name);
  return rest;
}

export function pathOf(screen: string, id?: string, query?: URLSearchParams): string {
  const search = query?.toString();
  const path = id === undefined ? screen : `${screen}/${encodeURIComponent(id)}`;
  return `${ROOT}/${path}${search ? `?${search}` : ""}`;
}

export function go(path: string, how: "push" | "replace" = "push"): void {
  history[how === "push" ? "pushState" : "replaceState"](null, "", path);
  place.value = here();
}

type LinkProps = Omit<JSX.HTMLAttributes<HTMLAnchorElement>, "ref"> & {
  to: string;
  children: ComponentChildren;
};

export function Link({ to, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    go(to);
  };
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  );
}
