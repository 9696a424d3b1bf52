import { useEffect } from "preact/hooks";

const POLL_MILLISECONDS = 5_000;

/** Runs an action now and every few seconds while the tab is visible. */
export function usePolling(action: () => void, inputs: unknown[]): void {
  useEffect(() => {
    action();
    const timer = setInterval(() => {
      if (!document.hidden) action();
    }, POLL_MILLISECONDS);
    return () => clearInterval(timer);
  }, inputs);
}
