/** What the keys do, as the help shows it. */
export const KEYS: [key: string, what: string][] = [
  ["j", "next in the list"],
  ["k", "previous in the list"],
  ["Enter", "open it"],
  ["/", "search or filter"],
  ["c", "copy what is open as curl"],
  ["p", "pause the requests, and go on"],
  ["Esc", "close what is open"],
  ["?", "these keys"],
];

type Handler<Args extends unknown[]> = (...args: Args) => void;

/** What is on the screen at the time, and takes the key. */
function slot<Args extends unknown[]>() {
  const handlers: Handler<Args>[] = [];
  return {
    on: (handler: Handler<Args>) => {
      handlers.push(handler);
      return () => void handlers.splice(handlers.indexOf(handler), 1);
    },
    call: (...args: Args) => handlers.at(-1)?.(...args),
  };
}

const list = slot<[step: 1 | -1]>();
const copying = slot<[]>();
const pausing = slot<[]>();
const closing = slot<[]>();
const help = slot<[]>();
export const onListKey = list.on;
export const onCopyKey = copying.on;
export const onPauseKey = pausing.on;
export const onCloseKey = closing.on;
export const onHelpKey = help.on;

const ACTIONS: Record<string, () => void> = {
  j: () => list.call(1),
  k: () => list.call(-1),
  "/": () => document.querySelector<HTMLElement>("[data-search]")?.focus(),
  c: () => copying.call(),
  p: () => pausing.call(),
  Escape: () => closing.call(),
  "?": () => help.call(),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target as HTMLElement;
  if (target.closest("dialog")) return;
  if (target.closest("input, select, textarea")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
