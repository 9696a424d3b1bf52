import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, unwrap } from "../api.ts";
import { session } from "../session.ts";

export const POLL_MILLISECONDS = 5_000;

/** How many faults the environment has. */
export const activeFaults = signal(0);

export async function countFaults(): Promise<void> {
  if (!session.peek().current) return;
  const page = await unwrap(api.GET("/sandbox/faults", { params: { query: { limit: 1 } } })).catch(
    () => undefined,
  );
  if (page) activeFaults.value = page.total;
}

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
