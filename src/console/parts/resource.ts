import { useCallback, useEffect, useState } from "preact/hooks";
import { OFFLINE, Problem } from "../api.ts";

export interface Resource<T> {
  data?: T;
  problem?: Problem;
  reload: () => void;
}

const RETRY_MILLISECONDS = 3_000;

/** Loads data, again whenever the inputs change. While it reloads, the earlier data stays. */
export function useResource<T>(load: () => Promise<T>, inputs: unknown[]): Resource<T> {
  const subject = JSON.stringify(inputs);
  const [state, setState] = useState<{ subject: string; data?: T; problem?: Problem }>({ subject });
  const [attempts, setAttempts] = useState(0);
  const reload = useCallback(() => setAttempts((before) => before + 1), []);
  useEffect(() => {
    let isStale = false;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const attempt = async () => {
      try {
        const data = await load();
        if (!isStale) setState({ subject, data });
      } catch (error) {
        if (isStale) return;
        const problem = error instanceof Problem ? error : new Problem("ERROR", String(error));
        setState((before) =>
          before.subject === subject ? { ...before, problem } : { subject, problem },
        );
        if (problem.type === OFFLINE) retry = setTimeout(reload, RETRY_MILLISECONDS);
      }
    };
    void attempt();
    return () => {
      isStale = true;
      clearTimeout(retry);
    };
  }, [subject, attempts]);
  return state.subject === subject ? { ...state, reload } : { reload };
}
