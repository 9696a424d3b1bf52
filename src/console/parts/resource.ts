import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { OFFLINE, Problem } from "../api.ts";

export interface Resource<T> {
  data?: T;
  problem?: Problem;
  reload: () => void;
}

const RETRY_MILLISECONDS = 3_000;

/**
 * Loads data, and reloads it when the inputs or the revision change. While a new revision loads, the previous data
 * stays.
 */
export function useResource<T>(
  load: () => Promise<T>,
  inputs: unknown[],
  revision = 0,
): Resource<T> {
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
  }, [subject, attempts, revision]);
  return state.subject === subject ? { ...state, reload } : { reload };
}

/** Calls an action when an input changes, at most once per interval. */
export function useThrottled(action: () => void, milliseconds: number, inputs: unknown[]): void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      action();
    }, milliseconds);
  }, inputs);
  useEffect(() => () => clearTimeout(timer.current), []);
}
