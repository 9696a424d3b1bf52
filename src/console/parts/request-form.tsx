import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Problem } from "../api.ts";
import { AsCode, type AsCodeProps } from "./as-code.tsx";
import { Failure } from "./feedback.tsx";

interface RequestFormProps {
  label: string;
  /** The text of the button. */
  action: string;
  send: () => Promise<unknown>;
  /** The request as code. */
  code?: AsCodeProps;
  children: ComponentChildren;
}

/** A form that sends a request, and shows why it failed. */
export function RequestForm({ label, action, send, code, children }: RequestFormProps) {
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: Event) => {
    event.preventDefault();
    setProblem(
      await send().then(
        () => undefined,
        (error: Problem) => error,
      ),
    );
  };
  return (
    <form class="fields" aria-label={label} onSubmit={(event) => void submit(event)}>
      {children}
      <button type="submit" class="primary">
        {action}
      </button>
      {problem && <Failure problem={problem} />}
      {code && <AsCode {...code} />}
    </form>
  );
}
