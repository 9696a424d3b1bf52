import { useEffect } from "preact/hooks";

/** The shortcuts, as the help lists them. */
export const SHORTCUTS: [key: string, action: string][] = [
  ["j", "next in the list"],
  ["k", "previous in the list"],
  ["Enter", "open the selected item"],
  ["/", "search"],
  ["c", "copy the open item as curl"],
  ["p", "pause or resume the live list"],
  ["Esc", "close the open item"],
  ["?", "show these shortcuts"],
];

const KEYS: Record<string, string> = { Escape: "Esc" };

const handlers = new Map<string, (() => void)[]>();

/** Handles a key while the component is mounted. The component that was mounted last wins. */
export function useShortcut(key: string, handler: () => void, inputs: unknown[]): void {
  useEffect(() => {
    handlers.set(key, [...(handlers.get(key) ?? []), handler]);
    return () => {
      handlers.set(
        key,
        handlers.get(key)!.filter((each) => each !== handler),
      );
    };
  }, inputs);
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target as HTMLElement;
  if (target.closest("dialog")) return;
  if (target.closest("input, select, textarea")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const handler = handlers.get(KEYS[event.key] ?? event.key)?.at(-1);
  if (!handler) return;
  event.preventDefault();
  handler();
});
