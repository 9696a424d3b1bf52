import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
} from "@tanstack/virtual-core";
import { computed, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { useShortcut } from "../keyboard.ts";

/** On a wide screen, a row is one line. The same width as in styles/list.css. */
const wide = matchMedia("(min-width: 85rem)");
const isWide = signal(wide.matches);
wide.addEventListener("change", () => (isWide.value = wide.matches));
const ROW_PIXELS = computed(() => (isWide.value ? 34 : 56));

const OVERSCAN_ROWS = 4;

interface VirtualListProps<T extends { id: string }> {
  label: string;
  items: readonly T[];
  total: number;
  /** The ID of the open item: the list scrolls to it. */
  open: string | undefined;
  /** Renders a row, which contains one link. */
  row: (item: T) => ComponentChildren;
  /** Called when the last loaded rows are near. */
  onEnd: () => void;
}

/** A list that renders only its visible rows. The keys j and k move the focus. */
export function VirtualList<T extends { id: string }>({
  label,
  items,
  total,
  open,
  row,
  onEnd,
}: VirtualListProps<T>) {
  const frame = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer(frame, items.length);
  useKeptPosition(frame, items);
  useListKeys(frame, items, virtualizer);
  useScrollToOpen(frame, items, open);

  const rows = virtualizer.getVirtualItems();
  const end = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (items.length < total && end >= items.length - OVERSCAN_ROWS) onEnd();
  }, [end, items.length, total]);

  return (
    <div class="rows" ref={frame} role="list" aria-label={label}>
      <div class="space" role="presentation" style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {rows.map(({ index, start }) => (
          <div
            key={items[index]!.id}
            class="item"
            role="listitem"
            aria-posinset={index + 1}
            aria-setsize={total}
            data-row={items[index]!.id}
            style={{ top: `${start}px`, height: `${ROW_PIXELS.value}px` }}
          >
            {row(items[index]!)}
          </div>
        ))}
      </div>
    </div>
  );
}

type Frame = { current: HTMLDivElement | null };
type RowVirtualizer = Virtualizer<HTMLDivElement, HTMLDivElement>;

/** Connects the virtualizer to Preact, as TanStack's own adapters do for their frameworks. */
/* oxlint-disable no-underscore-dangle -- The hooks for adapters have such names. */
function useVirtualizer(frame: Frame, count: number): RowVirtualizer {
  const [, render] = useReducer((times: number) => times + 1, 0);
  const options = {
    count,
    estimateSize: () => ROW_PIXELS.value,
    overscan: OVERSCAN_ROWS,
    getScrollElement: () => frame.current,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => render(undefined),
  };
  const [virtualizer] = useState<RowVirtualizer>(() => new Virtualizer(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer.measure(), [ROW_PIXELS.value]);
  useLayoutEffect(() => virtualizer._willUpdate());
  return virtualizer;
}
/* oxlint-enable no-underscore-dangle */

/** Keeps the visible rows in place when rows are added above them. */
function useKeptPosition(frame: Frame, items: readonly { id: string }[]): void {
  const first = useRef(items[0]?.id);
  useLayoutEffect(() => {
    const added = items.findIndex(({ id }) => id === first.current);
    first.current = items[0]?.id;
    if (added > 0 && frame.current && frame.current.scrollTop > 0) {
      frame.current.scrollTop += added * ROW_PIXELS.value;
    }
  }, [items]);
}

/** The rows that must fit below the open one: findings load later, above the list, and make it shorter. */
const MARGIN_ROWS = 4;

/** Scrolls to the open item once, when the list contains it. */
function useScrollToOpen(
  frame: Frame,
  items: readonly { id: string }[],
  open: string | undefined,
): void {
  const scrolledTo = useRef<string | undefined>(undefined);
  useEffect(() => {
    const index = items.findIndex(({ id }) => id === open);
    const { current } = frame;
    if (!current || index === -1 || scrolledTo.current === open) return;
    scrolledTo.current = open;
    const top = index * ROW_PIXELS.value;
    const bottom = top + MARGIN_ROWS * ROW_PIXELS.value;
    const isVisible =
      top >= current.scrollTop && bottom <= current.scrollTop + current.clientHeight;
    if (!isVisible) current.scrollTop = top - current.clientHeight / 2;
  }, [items, open]);
}

function useListKeys(
  frame: Frame,
  items: readonly { id: string }[],
  virtualizer: RowVirtualizer,
): void {
  const last = useRef<string | undefined>(undefined);
  const isFocusPending = useRef(false);

  const focusPending = () => {
    if (!isFocusPending.current) return;
    const row = `[data-row="${CSS.escape(last.current ?? "")}"] a`;
    const link = frame.current?.querySelector<HTMLElement>(row);
    if (!link) return;
    isFocusPending.current = false;
    link.focus({ preventScroll: true });
  };
  // A row that was out of sight exists only after the next render.
  useEffect(focusPending);

  const move = (step: 1 | -1) => {
    const open = frame.current?.querySelector("[aria-current]");
    const from = [document.activeElement, open]
      .map((element) => element?.closest("[data-row]")?.getAttribute("data-row"))
      .concat(last.current)
      .find((id) => id);
    const at = items.findIndex(({ id }) => id === from);
    const next = Math.min(Math.max(at + (at === -1 ? 1 : step), 0), items.length - 1);
    if (!items[next]) return;
    last.current = items[next].id;
    isFocusPending.current = true;
    virtualizer.scrollToIndex(next, { align: "auto" });
    focusPending();
  };
  useShortcut("j", () => move(1), [items]);
  useShortcut("k", () => move(-1), [items]);
}
