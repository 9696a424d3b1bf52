import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { OFFLINE, Problem } from "./api.ts";
import { exact, minorUnits, money, relative } from "./format.ts";
import { onCloseKey } from "./keyboard.ts";
import { go, setQuery } from "./route.tsx";
import { now, Store, useStore } from "./store.ts";

export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={exact(at)}>
      {relative(at, useStore(now))}
    </time>
  );
}

export function Money({ amount, currency }: { amount: number; currency: string }) {
  return (
    <data class="money" value={amount} title={minorUnits(amount, currency)}>
      {money(amount, currency)}
    </data>
  );
}

export function Status({ status }: { status: number | null }) {
  if (status === null) return <span class="status lost">none</span>;
  return <span class={`status s${Math.floor(status / 100)}`}>{status}</span>;
}

/** What was asked for, how that went, and how to ask again. What came before stays meanwhile. */
export interface Loaded<T> {
  data?: T;
  problem?: Problem;
  reload: () => void;
}

const RETRY_MILLISECONDS = 3_000;

export function useLoaded<T>(load: () => Promise<T>, of: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ of: string; data?: T; problem?: Problem }>({ of: "" });
  const [times, setTimes] = useState(0);
  const subject = JSON.stringify(of);
  const reload = useCallback(() => setTimes((before) => before + 1), []);
  useEffect(() => {
    let isOld = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    const attempt = async () => {
      try {
        const data = await load();
        if (!isOld) setState({ of: subject, data });
      } catch (error) {
        if (isOld) return;
        const problem = error instanceof Problem ? error : new Problem("ERROR", String(error));
        setState((before) =>
          before.of === subject ? { ...before, problem } : { of: subject, problem },
        );
        if (problem.type === OFFLINE) again = setTimeout(reload, RETRY_MILLISECONDS);
      }
    };
    void attempt();
    return () => {
      isOld = true;
      clearTimeout(again);
    };
  }, [subject, times]);
  return state.of === subject ? { ...state, reload } : { reload };
}

/** Takes the focus where what had it is gone: on a narrow screen, what is open takes the place of the list. */
function useTakenFocus() {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    const focused = document.activeElement;
    if (focused === document.body || focused?.checkVisibility() === false) {
      place.current?.focus({ preventScroll: true });
    }
  }, []);
  return place;
}

interface OpenedProps {
  /** What the list is called, and where it is. */
  all: string;
  list: string;
  actions: ComponentChildren;
  children: ComponentChildren;
}

/** What is open of a list, beside it, or on a narrow screen in its place. */
export function Opened({ all, list, actions, children }: OpenedProps) {
  useEffect(() => onCloseKey(() => go(list)), [list]);
  return (
    <article class="scroll" ref={useTakenFocus()} tabIndex={-1}>
      <div class="bar">
        <button type="button" class="back" onClick={() => go(list)}>
          {all}
        </button>
        {actions}
      </div>
      {children}
    </article>
  );
}

const TYPED_MILLISECONDS = 250;

interface TypedProps {
  name: string;
  label: string;
  hint: string;
  query: URLSearchParams;
  isSearch?: boolean;
  isWide?: boolean;
}

/** A filter that is typed: it counts when nothing was typed for a moment. */
export function Typed({ name, label, hint, query, isSearch, isWide }: TypedProps) {
  const said = query.get(name) ?? "";
  const [text, setText] = useState(said);
  useEffect(() => setText(said), [said]);
  useEffect(() => {
    if (text.trim() === said) return undefined;
    const timer = setTimeout(() => setQuery(name, text.trim()), TYPED_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class={isWide ? "wide" : undefined}>
      <span>{label}</span>
      <input
        type="search"
        name={name}
        placeholder={hint}
        value={text}
        autocomplete="off"
        spellcheck={false}
        data-search={isSearch ? "" : undefined}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}

export function Failure({ problem, retry }: { problem: Problem; retry?: () => void }) {
  return (
    <div class="failure" role="alert">
      <strong>{problem.type === OFFLINE ? "Offline" : problem.type}</strong>
      <span>{problem.message}</span>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export const Loading = () => <p class="quiet loading">Loading …</p>;

/** What was done, said once in a corner. */
const notice = new Store<string>("");
let noticeTimer: ReturnType<typeof setTimeout> | undefined;
const NOTICE_MILLISECONDS = 4_000;

export function tell(text: string): void {
  clearTimeout(noticeTimer);
  notice.value = text;
  noticeTimer = setTimeout(() => (notice.value = ""), NOTICE_MILLISECONDS);
}

export function Notice() {
  const text = useStore(notice);
  return (
    <div class={text ? "notice shown" : "notice"} role="status">
      {text}
    </div>
  );
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(`Copied: ${what}.`);
  } catch {
    // Browsers have a clipboard over HTTPS and on localhost alone.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    tell(isCopied ? `Copied: ${what}.` : "The browser doesn't allow to copy.");
  }
}

export function Copy({ text, what, children }: { text: string; what: string; children: string }) {
  return (
    <button type="button" onClick={() => void copy(text, what)}>
      {children}
    </button>
  );
}

/** A question that has to be answered, or something that has to be seen. */
interface Question {
  title: string;
  text: ComponentChildren;
  action?: string;
  answer: (isYes: boolean) => void;
}

const question = new Store<Question | undefined>(undefined);

export function ask(title: string, text: ComponentChildren, action?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (isYes: boolean) => {
      question.value = undefined;
      resolve(isYes);
    };
    question.value =
      action === undefined ? { title, text, answer } : { title, text, action, answer };
  });
}

export function Asked() {
  const asked = useStore(question);
  if (!asked) return null;
  const { title, text, action, answer } = asked;
  return (
    <Dialog title={title} onClose={() => answer(false)}>
      {text}
      <div class="row end">
        <button type="button" onClick={() => answer(false)}>
          {action === undefined ? "Done" : "Cancel"}
        </button>
        {action !== undefined && (
          <button type="button" class="danger" onClick={() => answer(true)}>
            {action}
          </button>
        )}
      </div>
    </Dialog>
  );
}

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}
