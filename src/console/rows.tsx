import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { onListKey } from "./keyboard.ts";

/** As console.css has it. All rows are as high, so that any of ten thousand can be drawn alone. */
const ROW_PIXELS = 56;
/** How many rows are drawn above and below what is seen. */
const MARGIN_ROWS = 8;

interface RowsProps<T extends { id: string }> {
  label: string;
  items: readonly T[];
  total: number;
  row: (item: T) => ComponentChildren;
  /** Called when the last rows come near. */
  onEnd: () => void;
}

/** A list that draws what is seen of it. Each row has one link, which j and k go to. */
export function Rows<T extends { id: string }>({ label, items, total, row, onEnd }: RowsProps<T>) {
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(innerHeight);
  const wanted = useRef<string | undefined>(undefined);
  /** Where the reader was, to go on from there when what was open is closed. */
  const latest = useRef<string | undefined>(undefined);
  const first = useRef<string | undefined>(items[0]?.id);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => setHeight(frame.current!.clientHeight));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);

  // What is read stays where it is when something comes above it.
  useLayoutEffect(() => {
    const before = first.current;
    first.current = items[0]?.id;
    const { current } = frame;
    if (!current || current.scrollTop === 0 || before === undefined) return;
    const added = items.findIndex(({ id }) => id === before);
    if (added > 0) current.scrollTop += added * ROW_PIXELS;
  }, [items]);

  useEffect(() => {
    if (wanted.current === undefined) return;
    const link = linkOf(wanted.current);
    if (link) wanted.current = undefined;
    link?.focus({ preventScroll: true });
  });

  const linkOf = (id: string) =>
    frame.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"] a`) ?? undefined;

  useEffect(
    () =>
      onListKey((step) => {
        const focused = document.activeElement?.closest("[data-row]")?.getAttribute("data-row");
        const open = frame.current?.querySelector("[aria-current]")?.closest("[data-row]");
        const from = focused ?? open?.getAttribute("data-row") ?? latest.current;
        const at = items.findIndex(({ id }) => id === from);
        const next = Math.min(Math.max(at + (at === -1 ? 1 : step), 0), items.length - 1);
        const item = items[next];
        const { current } = frame;
        if (!item || !current) return;
        const upper = next * ROW_PIXELS;
        if (upper < current.scrollTop) current.scrollTop = upper;
        const lower = upper + ROW_PIXELS - current.clientHeight;
        if (lower > current.scrollTop) current.scrollTop = lower;
        wanted.current = item.id;
        latest.current = item.id;
        const link = linkOf(item.id);
        if (link) {
          wanted.current = undefined;
          link.focus({ preventScroll: true });
        }
      }),
    [items],
  );

  const start = Math.max(0, Math.floor(top / ROW_PIXELS) - MARGIN_ROWS);
  const end = Math.min(items.length, Math.ceil((top + height) / ROW_PIXELS) + MARGIN_ROWS);
  useEffect(() => {
    if (items.length < total && end >= items.length - MARGIN_ROWS) onEnd();
  }, [end, items.length, total]);

  return (
    <div
      class="rows"
      ref={frame}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      role="list"
      aria-label={label}
    >
      <div class="space" role="presentation" style={{ height: `${items.length * ROW_PIXELS}px` }}>
        {items.slice(start, end).map((item, index) => (
          <div
            key={item.id}
            class="item"
            role="listitem"
            aria-posinset={start + index + 1}
            aria-setsize={total}
            data-row={item.id}
            style={{ top: `${(start + index) * ROW_PIXELS}px` }}
          >
            {row(item)}
          </div>
        ))}
      </div>
    </div>
  );
}
