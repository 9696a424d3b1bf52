import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { navigate } from "wouter-preact/use-browser-location";
import { useShortcut } from "../keyboard.ts";

interface DetailPaneProps {
  /** The list that the item is from, and its address. */
  list: string;
  href: string;
  actions: ComponentChildren;
  children: ComponentChildren;
}

/** The open item of a list: next to the list, or instead of it on a narrow screen. */
export function DetailPane({ list, href, actions, children }: DetailPaneProps) {
  const pane = useRef<HTMLElement>(null);
  useShortcut("Esc", () => navigate(href), [href]);
  // A narrow screen hides the list, and with it the link that had the focus.
  useEffect(() => {
    const focused = document.activeElement;
    if (focused !== document.body && focused?.checkVisibility() !== false) return;
    pane.current?.focus({ preventScroll: true });
  }, []);
  return (
    <article class="scroll" ref={pane} tabIndex={-1}>
      <div class="bar">
        <button type="button" class="back" onClick={() => navigate(href)}>
          {list}
        </button>
        {actions}
      </div>
      {children}
    </article>
  );
}
