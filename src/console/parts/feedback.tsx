import { signal } from "@preact/signals";
import { OFFLINE, type Problem } from "../api.ts";

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

interface PendingProps {
  data: unknown;
  problem?: Problem | undefined;
  reload: () => void;
}

/** The problem of a resource, or that it is loading. */
export function Pending({ data, problem, reload }: PendingProps) {
  if (problem) return <Failure problem={problem} retry={reload} />;
  return data ? null : <p class="quiet loading">Loading …</p>;
}

const SHOWN_MILLISECONDS = 4_000;

const toast = signal("");
let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows a message for a few seconds. */
export function notify(text: string): void {
  clearTimeout(timer);
  toast.value = text;
  timer = setTimeout(() => (toast.value = ""), SHOWN_MILLISECONDS);
}

/** Runs an action and shows the message of its failure. */
export async function attempt(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    notify((error as Error).message);
  }
}

export function Toast() {
  return (
    <div class={toast.value ? "toast shown" : "toast"} role="status">
      {toast.value}
    </div>
  );
}

export async function copy(text: string, subject: string): Promise<void> {
  notify(
    (await writeClipboard(text)) ? `Copied ${subject}.` : "The browser does not allow copying.",
  );
}

/** The clipboard API needs HTTPS or localhost. */
async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}

interface CopyProps {
  text: string;
  /** The object of the sentence "Copied …". */
  subject: string;
  children: string;
}

export function Copy({ text, subject, children }: CopyProps) {
  return (
    <button type="button" onClick={() => void copy(text, subject)}>
      {children}
    </button>
  );
}
