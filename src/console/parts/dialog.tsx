import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Question {
  title: string;
  text: ComponentChildren;
  /** The label of the button that confirms. If undefined, the dialog only shows the text. */
  action: string | undefined;
  resolve: (isConfirmed: boolean) => void;
}

const question = signal<Question | undefined>(undefined);

export function confirm(title: string, text: ComponentChildren, action?: string): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = { title, text, action, resolve };
  });
}

export function ConfirmDialog() {
  if (!question.value) return null;
  const { title, text, action, resolve } = question.value;
  const close = (isConfirmed: boolean) => {
    question.value = undefined;
    resolve(isConfirmed);
  };
  return (
    <Dialog title={title} onClose={() => close(false)}>
      {text}
      <div class="row end">
        <button type="button" onClick={() => close(false)}>
          {action === undefined ? "Done" : "Cancel"}
        </button>
        {action !== undefined && (
          <button type="button" class="danger" onClick={() => close(true)}>
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
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}
